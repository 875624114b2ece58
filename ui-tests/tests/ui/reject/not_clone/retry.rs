stateway::workflow! {
    workflow Bill {
        start Draft { text: u32 };
        state Sent { letter: u32 };
        done Paid;
        failed Lost;
        step send: Draft -> Sent with retry(3);
        step pay: Sent -> Paid | Lost;
    }
}

struct Desk;

impl BillSteps for Desk {
    type Error = ();

    async fn send(&self, _: Draft, step: &stateway::Step<Send>) -> Result<Send, ()> {
        Ok(step.to(Sent { letter: 1 }))
    }

    async fn pay(&self, _: Sent, step: &stateway::Step<Pay>) -> Result<Pay, ()> {
        Ok(step.to(Paid))
    }
}

fn main() {
    drop(Bill::start(Draft { text: 1 }).run(&Desk));
}
