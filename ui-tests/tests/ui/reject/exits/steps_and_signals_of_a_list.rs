stateway::workflow! {
    workflow Order {
        start Prepared;
        state AwaitingCourier;
        done Delivered;
        failed Cancelled;
        step prepare: Prepared -> AwaitingCourier;
        signal pick_up: AwaitingCourier -> Delivered;
        signal cancel: Prepared | AwaitingCourier -> Cancelled;
    }
}

fn main() {}
