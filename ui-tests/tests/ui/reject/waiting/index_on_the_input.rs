stateway::workflow! {
    #[durable(version = 1)]
    workflow Bill {
        input { #[index] customer: u32 }
        start Draft;
        transient state Weighed { #[index] weight: u32 };
        done Paid { #[index(name = "sum")] total: u32 };
        step weigh: Draft -> Weighed;
        step pay: Weighed -> Paid;
    }
}

fn main() {}
