stateway::workflow! {
    #[durable(version = 1)]
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

struct Steps;

fn main() {
    let _ = stateway::Runners::builder(stateway::MemoryStore::new()).workflow::<Bill>(Steps);
}
