stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        failed Lost;
        step pay: Draft -> Paid | Lost;
    }
}

fn main() {
    match AnyBill::from(Bill::start(Draft)) {
        AnyBill::Draft(_) | AnyBill::Paid(_) => {}
    }
}
