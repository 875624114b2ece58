stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        failed Lost;
        step pay: Draft -> Paid | Lost;
    }
}

fn main() {
    match Pay::Paid(Paid) {
        Pay::Paid(_) => {}
    }
}
