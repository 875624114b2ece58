stateway::workflow! {
    #[derive(Clone)]
    workflow Order {
        start Placed;
        state Held { hold: u64 };
        done Shipped;
        step Hold: Placed -> Held;
        step ship: Held -> Shipped;
    }
}

use stateway::prelude::*;

struct Desk;

impl OrderSteps for Desk {
    type Error = String;

    async fn hold(&self, _: Placed, step: &Step<Hold>) -> Result<Hold, String> {
        Ok(step.to(Held { hold: 1 }))
    }

    async fn ship(&self, held: Held, step: &Step<Ship>) -> Result<Ship, String> {
        assert!(held.hold > 0);
        Ok(step.to(Shipped))
    }
}

fn main() {}
