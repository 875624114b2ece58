use stateway::prelude::*;

workflow! {
    #[derive(Clone)]
    workflow Request {
        start Draft;
        state Checked;
        done Approved;
        done Aborted;

        step check: Draft -> Checked;
        step approve: Checked -> Approved;
        signal abort interrupts Checked -> Aborted;
    }
}

fn by_hand(draft: Request<Draft>) {
    draft.abort(|_| Aborted);
}

fn main() {}
