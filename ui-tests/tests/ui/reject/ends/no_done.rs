stateway::workflow! {
    workflow Bill {
        start Draft;
        failed Lost;
        step pay: Draft -> Lost;
    }
}

fn main() {}
