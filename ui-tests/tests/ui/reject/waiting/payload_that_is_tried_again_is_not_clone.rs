struct Receipt;

stateway::workflow! {
    workflow Bill {
        #[derive(Clone)]
        start Draft;
        done Paid;
        signal pay(Receipt): Draft -> Paid with retry(2);
    }
}

fn main() {}
