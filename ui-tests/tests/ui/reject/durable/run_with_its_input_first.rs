use stateway::{StartError, prelude::*};

workflow! {
    #[durable(version = 1)]
    workflow Bill {
        input { cents: u64 }
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

async fn start(bills: &Runner<Bill>) -> Result<(), StartError> {
    bills.start(BillInput { cents: 700 }, "b-1", Draft).await?;
    Ok(())
}

fn main() {}
