stateway::workflow! {
    workflow Bill {
        start Draft { rows: Vec<{ 1 + 1 } u8, sum: u64 };
        state Checked { sizes: Sizes<{ 1 + 1 } };
        done Paid;
        step check: Draft -> Checked;
        step pay: Checked -> Paid | Lost;
    }
}

fn main() {}
