use std::collections::HashSet;

stateway::workflow! {
    #[durable(version = 1)]
    workflow Loan {
        start Asked { banks: HashSet<u32> };
        done Scored;
        split rate: Asked -> Scored {
            each bank in banks: u32 => u8;
            join all;
        }
    }
}

fn main() {}
