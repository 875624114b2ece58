mod of_a_step {
    stateway::workflow! {
        workflow Order {
            start Placed;
            done Shipped;

            step ship: Placed -> Shipped, with retry(3);
        }
    }
}

mod of_a_branch {
    stateway::workflow! {
        workflow Order {
            start Placed;
            done Shipped;

            split ship: Placed -> Shipped {
                branch pack: u32, with retry(3);
                branch call: u32;
                join all;
            }
        }
    }
}

mod of_an_each {
    stateway::workflow! {
        workflow Order {
            start Placed { lines: Vec<u32> };
            done Shipped;

            split ship: Placed -> Shipped {
                each pack in lines: u32 => u32, with retry(3);
                join all;
            }
        }
    }
}

fn main() {}
