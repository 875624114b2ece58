pub struct Score(pub u8);

stateway::workflow! {
    #[durable(version = 1)]
    workflow Loan {
        start Asked;
        done Scored;
        split rate: Asked -> Scored {
            branch first: Score;
            branch second: u8;
            join all;
        }
    }
}

fn main() {}
