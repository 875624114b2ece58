macro_rules! order {
    ($name:ident: $($each:tt)*) => {
        mod $name {
            use std::collections::BTreeMap;

            stateway::workflow! {
                workflow Order {
                    start Placed { cart: BTreeMap<String, u32> };
                    done Paid;
                    split price: Placed -> Paid {
                        $($each)* => u32;
                        join all;
                    }
                }
            }
        }
    };
}

order!(one_type: each (product, amount) in cart: String);
order!(in_parentheses: each (product, amount) in cart: (String, u32));
order!(one_name: each (product) in cart: String);
order!(no_name: each () in cart: String, u32);
order!(three_names: each (product, amount, price) in cart: String, u32);
order!(one_name_twice: each (product, product) in cart: String, u32);
order!(no_comma: each (product amount) in cart: String, u32);
order!(no_parentheses: each product, amount in cart: String, u32);
order!(two_types_of_one: each product in cart: String, u32);
order!(borrowed: each (product, amount) in cart: &String, u32);

fn main() {}
