pub struct Card(pub String);

stateway::workflow! {
    #[durable(version = 1)]
    workflow Bill {
        input { card: Option<Card> }
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
