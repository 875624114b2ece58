stateway::workflow! {
    workflow Letter {
        start Written;
        state Posted;
        done Read;
        step first: Written -> Posted;
        step open as Result: Posted -> Read;
    }
}

fn main() {}
