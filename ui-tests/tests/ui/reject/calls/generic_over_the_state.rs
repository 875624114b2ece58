stateway::workflow! {
    workflow Order {
        start Placed;
        done Shipped;
        step ship: Placed -> Shipped;
    }
}

fn any<S>(order: Order<S>) -> AnyOrder {
    order.into()
}

fn main() {}
