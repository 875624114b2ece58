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

impl BillSteps for Steps {
    type Error = String;
    async fn pay(&self, _: Draft, _: &Step<Pay>) -> Result<Pay, String> {
        Ok(Pay::Paid(Paid))
    }
}

fn main() {
    let _ = Runner::<Bill>::builder(Steps).launch();
}
