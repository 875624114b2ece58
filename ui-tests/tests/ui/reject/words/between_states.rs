//! States in a row, a condition behind one, and a state where a handler is named.

mod commas {
    stateway::workflow! {
        workflow Order {
            start Asked;
            start Called;
            state Heard;
            done Met;
            failed Missed;
            step go: Asked -> Met, Missed;
            step call: Called -> Heard;
            signal take: Heard, Later -> Met | Missed;
            state Later;
            timer wait after 1h: Heard -> Later;
        }
    }
}

mod condition {
    stateway::workflow! {
        workflow Order {
            start Asked;
            done Met;
            step go: Asked -> Met if ready;
        }
    }
}

mod handlers {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Asked;
            state Met;
            done Over;
            failed Missed;
            step go: Asked -> Met | Missed with undo(Over);
            step end: Met -> Over | Missed with catch(Missed);
        }
    }
}

fn main() {}
