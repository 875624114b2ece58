stateway::workflow! {
    workflow Bill {
        start Draft;
        done OnPay;
        signal pay: Draft -> OnPay;
    }
}

fn main() {}
