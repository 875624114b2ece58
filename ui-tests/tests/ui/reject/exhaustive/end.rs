stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        failed Lost;
        step pay: Draft -> Paid | Lost;
    }
}

fn main() {
    match BillEnd::Paid(Paid) {
        BillEnd::Paid(_) => {}
    }
}
