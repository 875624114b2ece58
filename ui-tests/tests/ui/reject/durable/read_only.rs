#[derive(serde::Serialize)]
struct Card(String);

stateway::workflow! {
    #[durable(version = 1)]
    workflow Bill {
        start Draft { card: Card, spare: Card };
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
