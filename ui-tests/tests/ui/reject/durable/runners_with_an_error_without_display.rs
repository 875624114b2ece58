use stateway::prelude::*;

workflow! {
    #[durable(version = 1)]
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

struct Steps;
struct Refused;

impl BillSteps for Steps {
    type Error = Refused;
    async fn pay(&self, _: Draft, _: &Step<Pay>) -> Result<Pay, Refused> {
        Ok(Pay::Paid(Paid))
    }
}

fn main() {
    let _ = stateway::Runners::builder(stateway::MemoryStore::new()).workflow::<Bill>(Steps);
}
