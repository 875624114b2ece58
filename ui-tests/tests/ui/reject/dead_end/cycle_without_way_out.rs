stateway::workflow! {
    workflow Bill {
        start Draft;
        state Spin;
        state Turn;
        done Paid;
        step pay: Draft -> Paid | Spin;
        step whirl: Spin -> Turn;
        step twist: Turn -> Spin;
    }
}

fn main() {}
