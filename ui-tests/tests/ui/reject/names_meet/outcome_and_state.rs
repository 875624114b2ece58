stateway::workflow! {
    workflow Bill {
        start Draft;
        done Pay;
        step pay: Draft -> Pay;
    }
}

fn main() {}
