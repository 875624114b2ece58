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
