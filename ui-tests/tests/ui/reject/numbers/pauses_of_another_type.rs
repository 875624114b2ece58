use std::time::SystemTime;

stateway::workflow! {
    workflow Parcel {
        input { longest: u64, patience: SystemTime }
        start Sent { often: String };
        done Delivered;

        poll look every often..1m: Sent -> Delivered;
        timer remind every input.longest: Sent;
        timer lose after input.patience: Sent -> Delivered;
    }
}

fn main() {}
