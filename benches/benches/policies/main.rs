//! The cost of a policy for a step that goes well: a step that leads to itself 100 times, without a
//! policy and under each, by Stateway and by Cano.
//!
//! `cargo bench -p stateway-benches --bench policies`

mod cano;
#[path = "../support/counting.rs"]
mod counting;
mod ours;
#[path = "../support/report.rs"]
mod report;

use std::hint::black_box;

use counting::{Counting, allocations};
use criterion::BenchmarkGroup;
use criterion::Criterion;
use criterion::measurement::WallTime;
use tokio::runtime::Runtime;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const GROUP: &str = "policies";
const LENGTH: u64 = 100;

/// A walk of `n` steps, which gives how many it took.
type Walk<'a> = &'a dyn Fn() -> u64;

struct Row {
    policy: &'static str,
    ours: Cost,
    cano: Cost,
}

#[derive(Clone, Copy)]
struct Cost {
    nanoseconds: f64,
    allocations: f64,
}

fn main() {
    let executor = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("tokio starts");
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group(GROUP);
    macro_rules! row {
        ($policy:ident) => {{
            let (ours, cano) = (ours::$policy::Walker::new(), cano::Walker::$policy());
            let ours = || run(&executor, ours.walk(black_box(LENGTH)));
            let cano = || run(&executor, cano.walk(black_box(LENGTH)));
            let name = stringify!($policy);
            Row {
                policy: name,
                ours: measure(&mut group, "stateway", name, &ours),
                cano: measure(&mut group, "cano", name, &cano),
            }
        }};
    }
    let rows = [
        row!(plain),
        row!(retry),
        row!(timeout),
        row!(breaker),
        row!(undo),
    ];
    group.finish();
    print(&rows);
}

fn run(executor: &Runtime, walk: impl Future<Output = u64>) -> u64 {
    executor.block_on(walk)
}

fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    library: &str,
    policy: &str,
    walk: Walk<'_>,
) -> Cost {
    // One-time allocations are not part of a walk.
    assert_eq!(walk(), LENGTH, "{library} {policy}");
    let name = format!("{library}_{policy}");
    group.bench_function(&name, |b| b.iter(walk));
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (steps, allocations) = (LENGTH as f64, allocations(walk) as f64);
    Cost {
        nanoseconds: report::median(GROUP, &name) / steps,
        allocations: allocations / steps,
    }
}

fn print(rows: &[Row]) {
    let plain = rows[0].ours.nanoseconds;
    println!(
        "\none step    stateway   above plain  allocations   cano       allocations   cano / stateway"
    );
    for Row { policy, ours, cano } in rows {
        println!(
            "{policy:<10} {:>7.1} ns   {:>6.1} ns     {:>6.2}     {:>7.1} ns    {:>6.2}        {:>8.1}",
            ours.nanoseconds,
            ours.nanoseconds - plain,
            ours.allocations,
            cano.nanoseconds,
            cano.allocations,
            cano.nanoseconds / ours.nanoseconds,
        );
    }
}
