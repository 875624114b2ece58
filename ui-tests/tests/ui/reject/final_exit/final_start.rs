stateway::workflow! {
    workflow Bill {
        start done Draft;
    }
}

fn main() {}
