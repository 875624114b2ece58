stateway::workflow! {
    workflow Bill {
        start Draft { type: u8 };
        state Sent { to: String, to: String };
        #[cfg(unix)]
        done Paid;
        failed Lost;
        stpe archive: Sent -> Paid;
        step run: Draft -> Sent | Lots;
        step pay: Sent -> Paid with timeout(30min);
    }
}

fn main() {}
