//! `in doubt` stands on a step, and names a handler.

mod on_a_split {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            start Draft;
            state Sent;
            done Paid;
            split send: Draft -> Sent with undo(recall, in doubt) {
                branch print: u32;
                branch mail: u32;
                join all;
            }
            step pay: Sent -> Paid;
        }
    }
}

mod on_a_signal {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            start Draft;
            state Sent;
            done Paid;
            signal send: Draft -> Sent with undo(recall, in doubt);
            step pay: Sent -> Paid;
        }
    }
}

mod one_of_several {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            start Draft;
            state Sent;
            state Mailed;
            done Paid;
            step send: Draft -> Sent | Mailed with undo(Sent => recall, Mailed => fetch, in doubt);
            step pay: Sent -> Paid;
            step pay_late: Mailed -> Paid;
        }
    }
}

mod no_handler {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            start Draft;
            state Sent;
            done Paid;
            step send: Draft -> Sent;
            step pay: Sent -> Paid with undo(in doubt);
        }
    }
}

mod another_word {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            start Draft;
            state Sent;
            done Paid;
            step send: Draft -> Sent with undo(recall, in doubts);
            step pay: Sent -> Paid;
        }
    }
}

mod a_target_is_missing {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            start Draft;
            state Sent;
            done Paid;
            step send: Draft -> Sent with undo(in doubt => ask);
            step pay: Sent -> Paid;
        }
    }
}

mod named_twice {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            start Draft;
            state Sent;
            done Paid;
            step send: Draft -> Sent with undo(recall, in doubt => recall);
            step pay: Sent -> Paid;
        }
    }
}

mod transient {
    stateway::workflow! {
        #[durable(version = 1)]
        #[derive(Clone)]
        workflow Bill {
            start Draft;
            transient state Checked;
            state Sent;
            done Paid;
            step check: Draft -> Checked;
            step send: Checked -> Sent with undo(recall, in doubt);
            step pay: Sent -> Paid;
        }
    }
}

fn main() {}
