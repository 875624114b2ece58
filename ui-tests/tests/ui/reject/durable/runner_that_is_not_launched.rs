use stateway::{MemoryStore, StartError, prelude::*};

workflow! {
    #[durable(version = 1)]
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

struct Desk;

impl BillSteps for Desk {
    type Error = String;
    async fn pay(&self, _: Draft, step: &Step<Pay>) -> Result<Pay, String> {
        Ok(step.to(Paid))
    }
}

async fn set_up() -> Result<(), StartError> {
    let runner = Runner::<Bill>::builder(Desk).store(MemoryStore::new());
    runner.start("b-1", (), Draft).await?;
    Ok(())
}

async fn not_awaited() -> Result<(), StartError> {
    let runner = Runner::<Bill>::builder(Desk).store(MemoryStore::new()).launch();
    runner.start("b-1", (), Draft).await?;
    Ok(())
}

fn main() {}
