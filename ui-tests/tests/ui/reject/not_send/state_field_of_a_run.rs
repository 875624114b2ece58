stateway::workflow! {
    workflow Bill {
        start Draft { shared: std::rc::Rc<u8> };
        done Paid;
        step pay: Draft -> Paid;
    }
}

struct Desk;

impl BillSteps for Desk {
    type Error = ();

    async fn pay(&self, _: Draft, step: &stateway::Step<Pay>) -> Result<Pay, ()> {
        Ok(step.to(Paid))
    }
}

fn main() {
    let shared = std::rc::Rc::new(1);
    drop(Bill::start(Draft { shared }).run(&Desk));
}
