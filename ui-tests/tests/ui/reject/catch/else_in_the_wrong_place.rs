use stateway::prelude::*;

mod targets {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Asked;
            state Charged;
            done Sent;
            failed GivenUp;
            done Other;
            step charge: Asked -> Charged with retry(3), else GivenUp;
            step send: Charged -> Sent | GivenUp | Other with catch(give_up), else GivenUp;
        }
    }
}

mod missing {
    stateway::workflow! {
        workflow Order {
            start Asked;
            done Sent;
            failed GivenUp;
            step charge: Asked -> Sent | GivenUp with else;
        }
    }
}

mod parentheses {
    stateway::workflow! {
        workflow Order {
            start Asked;
            done Sent;
            failed GivenUp;
            step charge: Asked -> Sent | GivenUp with else(GivenUp);
        }
    }
}

mod events {
    stateway::workflow! {
        workflow Order {
            start Asked;
            done Sent;
            failed GivenUp;
            signal ask answers u32: Asked -> Sent | GivenUp with else GivenUp;
            signal note: Asked with else GivenUp;
        }
    }
}

mod branches {
    stateway::workflow! {
        workflow Order {
            start Asked;
            done Sent;
            failed GivenUp;
            split send: Asked -> Sent | GivenUp {
                branch one: u32 with else GivenUp;
                branch other: u32;
                join all;
            }
        }
    }
}

mod undeclared {
    stateway::workflow! {
        workflow Order {
            start Asked;
            done Sent;
            failed GivenUp;
            step charge: Asked -> Sent | GivenUp with else GivenUpp;
        }
    }
}

workflow! {
    workflow Order {
        input { customer: u64 }
        start Asked { text: String };
        done Sent;
        failed GivenUp { last: String };
        step charge: Asked -> Sent | GivenUp with else GivenUp;
    }
}

fn main() {}
