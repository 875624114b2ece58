use stateway::prelude::*;

workflow! {
    workflow Order {
        start Placed;
        done Shipped;
        step ship: Placed -> Shipped;
    }
}

struct Desk {
    order: Order,
}

fn store(_: Order) {}

fn main() {
    store(Order::start(Placed));
    let _ = Desk { order: Order::start(Placed) };
}
