use stateway::{LaunchError, prelude::*};

workflow! {
    #[durable(version = 1)]
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

async fn launch(desk: impl BillSteps<Error = String> + 'static) -> Result<Runner<Bill>, LaunchError> {
    Runner::<Bill>::builder(desk).store("bills.redb").launch().await
}

fn main() {}
