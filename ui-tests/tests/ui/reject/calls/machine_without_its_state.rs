stateway::workflow! {
    workflow Order {
        start Placed;
        done Shipped;
        step ship: Placed -> Shipped;
    }
}

fn ship(order: Order) {
    let _ = order.ship(|_| Shipped);
}

fn main() {}
