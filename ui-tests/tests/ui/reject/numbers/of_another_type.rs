use std::time::SystemTime;

stateway::workflow! {
    #[derive(Clone)]
    workflow Vote {
        input { tries: String, until: SystemTime }
        start Asked { people: Vec<u32>, window: i64, least: f32, limit: u64 };
        state Told { pause: u32, refunds: bool };
        done Over;

        split ask: Asked -> Told with retry(input.tries), undo(take_back, retry(refunds)) {
            each person in people: u32 => u32, at most window with timeout(limit);
            join quorum(least) within 5s;
        }
        step tell: Told -> Over with retry(3, every pause), deadline(input.until);
    }
}

fn main() {}
