//! The cost of one transition in memory: a chain of 100 states, walked by Stateway, by a loop
//! written by hand, and by Cano.
//!
//! `cargo bench -p stateway-benches --bench transition`

mod by_hand;
mod cano;
mod chain;
#[path = "../support/counting.rs"]
mod counting;
mod ours;
#[path = "../support/report.rs"]
mod report;

use counting::{Counting, allocations};
use criterion::Criterion;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const GROUP: &str = "transition";

fn main() {
    let executor = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("tokio starts");
    let peer = cano::Walk::new();
    // One walk each first: what is allocated once is not part of a walk.
    assert_eq!(executor.block_on(ours::walk()), chain::LENGTH);
    assert_eq!(executor.block_on(by_hand::walk()), chain::LENGTH);
    assert_eq!(executor.block_on(peer.walk()), chain::LENGTH);

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group(GROUP);
    group.bench_function("stateway", |b| b.iter(|| executor.block_on(ours::walk())));
    group.bench_function("by_hand", |b| b.iter(|| executor.block_on(by_hand::walk())));
    group.bench_function("cano", |b| b.iter(|| executor.block_on(peer.walk())));
    group.finish();

    // Stateway's walk has one more transition, out of a start state.
    let ours = Row::new(
        "stateway",
        chain::LENGTH + 1,
        allocations(|| executor.block_on(ours::walk())),
    );
    let by_hand = Row::new(
        "by_hand",
        chain::LENGTH,
        allocations(|| executor.block_on(by_hand::walk())),
    );
    let cano = Row::new(
        "cano",
        chain::LENGTH,
        allocations(|| executor.block_on(peer.walk())),
    );
    println!("\none transition   time        allocations   allocations of the whole run");
    for row in [&ours, &by_hand, &cano] {
        row.print();
    }
    println!(
        "stateway / by_hand  {:.2}",
        ours.nanoseconds / by_hand.nanoseconds
    );
    println!(
        "cano / stateway     {:.1}",
        cano.nanoseconds / ours.nanoseconds
    );
}

struct Row {
    name: &'static str,
    nanoseconds: f64,
    allocations: f64,
    of_run: u64,
}

impl Row {
    fn new(name: &'static str, transitions: u64, of_run: u64) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
        let (transitions, allocations) = (transitions as f64, of_run as f64);
        Row {
            name,
            nanoseconds: report::median(GROUP, name) / transitions,
            allocations: allocations / transitions,
            of_run,
        }
    }

    fn print(&self) {
        println!(
            "{:<14} {:>7.1} ns {:>14.2} {:>14}",
            self.name, self.nanoseconds, self.allocations, self.of_run
        );
    }
}
