struct Card(String);

stateway::workflow! {
    #[durable(version = 1)]
    workflow Bill {
        start Draft;
        state Charged { card: Card, cents: u64 };
        done Paid;
        step charge: Draft -> Charged;
        step pay: Charged -> Paid;
    }
}

fn main() {}
