mod in_memory {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Asked;
            done Sent;
            step charge: Asked -> Sent with retry(3), else pause;
        }
    }
}

mod transient {
    stateway::workflow! {
        #[durable(version = 1)]
        #[derive(Clone)]
        workflow Order {
            start Asked;
            transient state Checked;
            done Sent;
            step check: Asked -> Checked with else pause;
            step charge: Checked -> Sent with retry(3), else pause;
        }
    }
}

mod beside_catch {
    stateway::workflow! {
        #[durable(version = 1)]
        #[derive(Clone)]
        workflow Order {
            start Asked;
            done Sent;
            failed GivenUp;
            step charge: Asked -> Sent | GivenUp with catch(give_up), else pause;
        }
    }
}

mod twice {
    stateway::workflow! {
        #[durable(version = 1)]
        #[derive(Clone)]
        workflow Order {
            start Asked;
            done Sent;
            failed GivenUp;
            step charge: Asked -> Sent | GivenUp with else GivenUp, else pause;
        }
    }
}

mod branch {
    stateway::workflow! {
        #[durable(version = 1)]
        #[derive(Clone)]
        workflow Order {
            start Asked;
            done Sent;
            split send: Asked -> Sent {
                branch one: u32 with else pause;
                branch other: u32;
                join all;
            }
        }
    }
}

mod state_that_is_not_there {
    stateway::workflow! {
        #[durable(version = 1)]
        #[derive(Clone)]
        workflow Order {
            start Asked;
            done Sent;
            step charge: Asked -> Sent with else Pause;
        }
    }
}

fn main() {}
