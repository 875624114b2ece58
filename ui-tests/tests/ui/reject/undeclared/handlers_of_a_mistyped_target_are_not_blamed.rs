stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Payed;
    }
}

struct Desk;

impl BillSteps for Desk {
    type Error = ();

    async fn pay(&self, _: Draft, step: &stateway::Step<Pay>) -> Result<Pay, ()> {
        Ok(step.to(Paid))
    }
}

fn main() {}
