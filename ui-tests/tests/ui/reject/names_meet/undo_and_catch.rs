stateway::workflow! {
    #[derive(Clone)]
    workflow Bill {
        start Draft;
        state Sent;
        done Paid;
        step send as Sending: Draft -> Sent with undo(recall), catch(recall);
        step pay: Sent -> Paid;
    }
}

struct Desk;

impl BillSteps for Desk {
    type Error = ();

    async fn send(&self, _: Draft, step: &stateway::Step<Sending>) -> Result<Sending, ()> {
        Ok(step.to(Sent))
    }

    async fn recall(&self, _: Sent, _: &stateway::Undo<Sending>) -> Result<(), ()> {
        Ok(())
    }

    async fn pay(&self, _: Sent, step: &stateway::Step<Pay>) -> Result<Pay, ()> {
        Ok(step.to(Paid))
    }
}

fn main() {}
