stateway::workflow! {
    #[derive(Clone)]
    workflow Bill {
        start Draft { pub sum: u64 };
        done Paid { sum: u64 };
        step pay: Draft -> Paid;
    }
}

struct Desk;

impl BillSteps for Desk {
    type Error = ();

    async fn pay(&self, draft: Draft, step: &stateway::Step<Pay>) -> Result<Pay, ()> {
        Ok(step.to(Paid { sum: draft.clone().sum }))
    }
}

fn main() {}
