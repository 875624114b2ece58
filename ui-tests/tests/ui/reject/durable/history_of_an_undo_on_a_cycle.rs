#![deny(deprecated)]

stateway::workflow! {
    #[derive(Clone)]
    #[durable(version = 1, history = 100)]
    workflow Watch {
        start Watching;
        state Alerted;
        done Over;
        step alert: Watching -> Alerted with undo(stand_down);
        step calm: Alerted -> Watching | Over;
    }
}

fn main() {}
