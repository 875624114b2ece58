stateway::workflow! {
    workflow Bill {
        start Draft;
        state Spin;
        state Turn;
        done Paid;
        step pay: Draft -> Paid | Spin;
        step spin: Spin -> Turn;
        step turn: Turn -> Spin;
    }
}

fn main() {}
