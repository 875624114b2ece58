stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid
            with retry(5, backoff 100ms..10s, factor 3, no jitter), timeout(2s), undo(refund, retry(3)), catch(late), breaker(bank);
    }
}

fn main() {}
