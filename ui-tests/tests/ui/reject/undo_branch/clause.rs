//! The undo of a branch names one handler.

mod a_target {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            start Draft;
            done Paid;
            split send: Draft -> Paid {
                branch print: u32 with undo(Paid => shred);
                branch mail: u32;
                join all;
            }
        }
    }
}

mod in_doubt {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            start Draft;
            done Paid;
            split send: Draft -> Paid {
                branch print: u32 with undo(shred, in doubt);
                branch mail: u32;
                join all;
            }
        }
    }
}

mod no_handler {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            start Draft;
            done Paid;
            split send: Draft -> Paid {
                branch print: u32 with undo();
                branch mail: u32;
                join all;
            }
        }
    }
}

mod tried_again {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            start Draft;
            done Paid;
            split send: Draft -> Paid with retry(3) {
                branch print: u32 with undo(shred);
                branch mail: u32;
                join all;
            }
        }
    }
}

mod a_field {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            start Draft { tries: u32 };
            done Paid;
            split send: Draft -> Paid {
                branch print: u32 with undo(shred, retry(tries));
                branch mail: u32;
                join all;
            }
        }
    }
}

mod shared {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            start Draft;
            done Paid;
            split send: Draft -> Paid {
                branch print: u32 with undo(shred);
                branch mail: u32 with undo(shred);
                join all;
            }
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
            done Paid;
            step check: Draft -> Checked;
            split send: Checked -> Paid {
                branch print: u32 with undo(shred);
                branch mail: u32;
                join all;
            }
        }
    }
}

mod on_a_cycle {
    stateway::workflow! {
        #[durable(version = 1, history = 10)]
        #[derive(Clone)]
        workflow Bill {
            start Draft;
            done Paid;
            split send: Draft -> Draft | Paid {
                branch print: u32 with undo(shred);
                branch mail: u32;
                join all;
            }
        }
    }
}

fn main() {}
