use stateway::prelude::*;

workflow! {
    workflow Order {
        start Placed { items: u32 };
        state Reserved { hold: u64 };
        done Shipped;
        signal reserve(u64): Placed -> Reserved;
        step ship: Reserved -> Shipped;
    }
}

fn ship(any: AnyOrder) {
    let any = any.reserve(7, |placed, by| Reserved { hold: u64::from(placed.items) + by });
    let _ = any.ship(|_| Shipped);
}

fn main() {}
