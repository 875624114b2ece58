use stateway::{StartError, prelude::*};

workflow! {
    #[durable(version = 1)]
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

async fn start(bills: &Runner<Bill>) -> Result<(), StartError> {
    bills.start(4711, (), Draft).await?;
    Ok(())
}

fn main() {}
