use stateway::prelude::*;

workflow! {
    workflow Order {
        start Placed;
        state Packed;
        done Shipped;
        step pack: Placed -> Packed;
        step ship: Packed -> Shipped;
    }
}

struct Shop;

impl OrderSteps for Shop {
    type Error = String;

    async fn pack(&self, _: Placed, step: &Step<Ship>) -> Result<Pack, String> {
        Ok(step.to(Packed))
    }

    async fn ship(&self, _: Packed, step: &Step<Ship>) -> Result<Ship, String> {
        Ok(step.to(Shipped))
    }
}

fn main() {}
