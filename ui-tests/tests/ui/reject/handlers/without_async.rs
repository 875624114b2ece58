use stateway::prelude::*;

workflow! {
    workflow Order {
        start Placed;
        done Shipped;
        step ship: Placed -> Shipped;
    }
}

struct Shop;

impl OrderSteps for Shop {
    type Error = String;

    fn ship(&self, _: Placed, step: &Step<Ship>) -> Result<Ship, String> {
        Ok(step.to(Shipped))
    }
}

fn main() {}
