mod one {
    stateway::workflow! {
        workflow Request {
            start Draft;
            state Submitted;
            done Approved;
            done Aborted;

            step submit: Draft -> Submitted;
            signal approve: Submitted -> Approved;
            signal abort interrupts Submitted -> Aborted;
        }
    }
}

mod several {
    stateway::workflow! {
        workflow Order {
            start Draft;
            state Submitted;
            state Checked;
            done Approved;
            done Aborted;

            step submit: Draft -> Submitted;
            signal check: Submitted -> Checked;
            signal approve: Checked -> Approved;
            signal abort interrupts Submitted | Checked -> Aborted;
        }
    }
}

fn main() {}
