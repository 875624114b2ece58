pub struct Score(pub u8);

stateway::workflow! {
    #[durable(version = 1)]
    workflow Loan {
        start Asked { banks: Vec<u32> };
        done Scored;
        split rate: Asked -> Scored {
            each bank in banks: u32 => Score;
            join all;
        }
    }
}

fn main() {}
