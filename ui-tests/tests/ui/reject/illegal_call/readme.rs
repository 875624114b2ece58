// The example of the README.
stateway::workflow! {
    workflow Order {
        start  Placed;
        state  Reserved { hold: u64 };
        state  Charged { payment: u64 };
        done   Shipped { parcel: String };
        failed Rejected { reason: String };

        step reserve: Placed -> Reserved | Rejected;
        step charge: Reserved -> Charged | Rejected;
        step ship: Charged -> Shipped;
    }
}

fn main() {
    let order = Order::start(Placed).reserve(|_| Reserved { hold: 7 });
    let order = order.ship(|_| Shipped { parcel: "P-7".to_owned() });
    let _ = order;
}
