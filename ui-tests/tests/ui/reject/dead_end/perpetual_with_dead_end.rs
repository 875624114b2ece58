stateway::workflow! {
    #[perpetual]
    workflow Bill {
        start Draft;
        state Sent;
        step pay: Draft -> Draft | Sent;
    }
}

fn main() {}
