stateway::workflow! {
    workflow {
        start Draft;
    }
}

fn main() {}
