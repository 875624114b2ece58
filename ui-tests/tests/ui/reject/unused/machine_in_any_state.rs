#![deny(unused_must_use)]

stateway::workflow! {
    workflow Order {
        start Placed;
        done Shipped;
        step ship: Placed -> Shipped;
    }
}

fn shipped(order: Order<Placed>) -> AnyOrder {
    order.ship(|_| Shipped).into()
}

fn main() {
    shipped(Order::start(Placed));
}
