stateway::workflow! {
    workflow Step {
        start Left;
        done Right;
        step go: Left -> Right;
    }
}

fn main() {}
