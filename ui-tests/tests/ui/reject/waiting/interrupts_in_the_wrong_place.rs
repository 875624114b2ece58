mod misspelt {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Request {
            start Draft;
            done Approved;
            done Aborted;

            step approve: Draft -> Approved;
            signal abort interrups Draft -> Aborted;
        }
    }
}

mod shouted {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Request {
            start Draft;
            done Approved;
            done Aborted;

            step approve: Draft -> Approved;
            signal abort Interrupts Draft -> Aborted;
        }
    }
}

mod behind_a_colon {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Request {
            start Draft;
            done Approved;
            done Aborted;

            step approve: Draft -> Approved;
            signal abort: interrupts Draft -> Aborted;
        }
    }
}

mod behind_the_state {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Request {
            start Draft;
            done Approved;
            done Aborted;

            step approve: Draft -> Approved;
            signal abort: Draft interrupts -> Aborted;
        }
    }
}

mod before_the_answer {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Request {
            start Draft;
            done Approved;
            done Aborted;

            step approve: Draft -> Approved;
            signal abort interrupts answers u32 Draft -> Aborted;
        }
    }
}

mod state_before_the_answer {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Request {
            start Draft;
            done Approved;
            done Aborted;

            step approve: Draft -> Approved;
            signal abort interrupts Draft answers u32 -> Aborted;
        }
    }
}

mod as_the_answer {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Request {
            start Draft;
            done Approved;
            done Aborted;

            step approve: Draft -> Approved;
            signal abort answers interrupts Draft -> Aborted;
        }
    }
}

mod missing {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Request {
            start Draft;
            done Approved;
            done Aborted;

            step approve: Draft -> Approved;
            signal abort Draft -> Aborted;
        }
    }
}

fn main() {}
