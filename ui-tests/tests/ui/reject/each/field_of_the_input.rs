mod not_there {
    stateway::workflow! {
        workflow Order {
            input { products: Vec<u32> }
            start Placed { items: Vec<u32> };
            done Priced;
            split price: Placed -> Priced {
                each product in input.prodcts: u32 => u32;
                join all;
            }
        }
    }
}

mod in_the_state {
    stateway::workflow! {
        workflow Order {
            input { products: Vec<u32> }
            start Placed { items: Vec<u32> };
            done Priced;
            split price: Placed -> Priced {
                each item in input.items: u32 => u32;
                join all;
            }
        }
    }
}

mod in_the_input {
    stateway::workflow! {
        workflow Order {
            input { products: Vec<u32> }
            start Placed { items: Vec<u32> };
            done Priced;
            split price: Placed -> Priced {
                each product in products: u32 => u32;
                join all;
            }
        }
    }
}

mod without_order {
    stateway::workflow! {
        #[durable(version = 1)]
        workflow Order {
            input { products: std::collections::HashSet<u32> }
            start Placed;
            done Priced;
            split price: Placed -> Priced {
                each product in input.products: u32 => u32;
                join all;
            }
        }
    }
}

fn main() {}
