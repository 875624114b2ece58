stateway::workflow! {
    workflow Order {
        start Placed;
        done Ok;
        failed Err;
        step place: Placed -> Ok | Err;
    }
}

fn main() {}
