stateway::workflow! {
    #[durable(version = 1)]
    workflow Bill {
        start Draft;
        state Sent;
        state Known;
        done Paid;
        step send: Draft -> Sent with once, retry(3);
        poll look every 1h: Sent -> Known with once;
        split pay: Known -> Paid with once {
            branch card: u32;
            branch bonus: u32 with once, retry(2);
            join all;
        }
    }
}

mod tried_again {
    stateway::workflow! {
        #[durable(version = 1)]
        workflow Bill {
            start Draft;
            done Paid;
            split pay: Draft -> Paid with retry(2) {
                branch card: u32 with once;
                branch bonus: u32;
                join all;
            }
        }
    }
}

mod in_memory {
    stateway::workflow! {
        workflow Bill {
            start Draft;
            done Paid;
            step pay: Draft -> Paid with once;
        }
    }
}

fn main() {}
