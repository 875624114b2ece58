stateway::workflow! {
    #[derive(Clone)]
    workflow Bill {
        start Draft { shared: std::rc::Rc<u8> };
        state Paid;
        done Sent;
        step pay: Draft -> Paid with retry(3), timeout(1s), undo(refund);
        step send as Sending: Paid -> Sent;
    }
}

struct Desk;

impl BillSteps for Desk {
    type Error = ();

    async fn pay(&self, _: Draft, step: &stateway::Step<Pay>) -> Result<Pay, ()> {
        Ok(step.to(Paid))
    }

    async fn refund(&self, _: Paid, _: &stateway::Undo<Pay>) -> Result<(), ()> {
        Ok(())
    }

    async fn send(&self, _: Paid, step: &stateway::Step<Sending>) -> Result<Sending, ()> {
        Ok(step.to(Sent))
    }
}

fn main() {
    let shared = std::rc::Rc::new(1);
    drop(Bill::start(Draft { shared }).run(&Desk));
}
