//! The cost of a branch that is ready at once: runs of one split over 2 to 1,000 branches, all of them
//! needed, by Stateway and by Cano.
//!
//! Stateway has two kinds of branches: named ones, each with a type of its own, and those of an `each`.
//! Cano spawns a task for each branch, so it is measured on one thread as well as on two.
//!
//! `cargo bench -p stateway-benches --bench split`

mod cano;
#[path = "../support/counting.rs"]
mod counting;
mod ours;
#[path = "../support/report.rs"]
mod report;

use std::hint::black_box;

use counting::{Counting, allocations};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use tokio::runtime::{Builder, Runtime};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const GROUP: &str = "split";
/// So many splits one after the other, to tell what a branch costs apart from its run.
const SPLITS: u64 = 100;

/// A run over `n` branches, which gives the sum of what they gave.
type Run<'a> = &'a dyn Fn() -> u64;

#[derive(Clone, Copy)]
struct Cost {
    nanoseconds: f64,
    allocations: f64,
}

fn main() {
    let one = Builder::new_current_thread().enable_time().build();
    let two = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build();
    let (one, two) = (one.expect("tokio starts"), two.expect("tokio starts"));
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group(GROUP);
    let mut rows = Vec::new();
    macro_rules! named {
        ($module:ident, $branches:literal) => {
            rows.push(row(&mut group, &one, &two, "named", $branches, &|| {
                one.block_on(ours::$module::run(black_box(1)))
            }));
        };
    }
    named!(two, 2);
    named!(ten, 10);
    named!(hundred, 100);
    for branches in [2, 10, 100, 1_000] {
        let each = || one.block_on(ours::each::run(black_box(branches)));
        rows.push(row(&mut group, &one, &two, "each", branches, &each));
    }
    let loops = [
        in_a_loop(&mut group, "two", 2, &|| {
            one.block_on(ours::two::run(SPLITS))
        }),
        in_a_loop(&mut group, "ten", 10, &|| {
            one.block_on(ours::ten::run(SPLITS))
        }),
        in_a_loop(&mut group, "hundred", 100, &|| {
            one.block_on(ours::hundred::run(SPLITS))
        }),
    ];
    group.finish();
    print(&rows, &loops);
}

struct Row {
    kind: &'static str,
    branches: u64,
    ours: Cost,
    cano: Cost,
    cano_on_two_threads: Cost,
}

fn row(
    group: &mut BenchmarkGroup<'_, WallTime>,
    one: &Runtime,
    two: &Runtime,
    kind: &'static str,
    branches: u64,
    ours: Run<'_>,
) -> Row {
    let peer = cano::Split::of(branches);
    let on_one = || one.block_on(peer.run());
    // Its tasks are to run on the workers, and not to wait for this thread.
    let on_two = || two.block_on(peer.run());
    let sum = branches * (branches - 1) / 2;
    let name = |who: &str| format!("{who}_{kind}_{branches}");
    Row {
        kind,
        branches,
        ours: measure(group, &name("stateway"), branches, sum, ours),
        cano: measure(group, &name("cano"), branches, sum, &on_one),
        cano_on_two_threads: measure(group, &name("cano_two_threads"), branches, sum, &on_two),
    }
}

fn in_a_loop(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    branches: u64,
    run: Run<'_>,
) -> (u64, Cost) {
    let sum = SPLITS * branches * (branches - 1) / 2;
    let name = format!("stateway_loop_{name}");
    (branches, measure(group, &name, SPLITS * branches, sum, run))
}

fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    branches: u64,
    sum: u64,
    run: Run<'_>,
) -> Cost {
    // One-time allocations are not part of a run.
    assert_eq!(run(), sum, "{name}");
    group.bench_function(name, |b| b.iter(run));
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (branches, allocations) = (branches as f64, allocations(run) as f64);
    Cost {
        nanoseconds: report::median(GROUP, name) / branches,
        allocations: allocations / branches,
    }
}

fn print(rows: &[Row], loops: &[(u64, Cost)]) {
    println!("\na run of one split, for each branch");
    println!(
        "              stateway   allocations   cano        allocations   on two threads   cano / stateway"
    );
    for row in rows {
        let Row { ours, cano, .. } = row;
        println!(
            "{:<6} {:>5} {:>8.1} ns   {:>8.3}    {:>7.1} ns   {:>8.2}      {:>7.1} ns        {:>6.1}",
            row.kind,
            row.branches,
            ours.nanoseconds,
            ours.allocations,
            cano.nanoseconds,
            cano.allocations,
            row.cano_on_two_threads.nanoseconds,
            cano.nanoseconds / ours.nanoseconds,
        );
    }
    println!("\na run of {SPLITS} splits of named branches, for each branch");
    for (branches, cost) in loops {
        println!(
            "{branches:>5} branches {:>8.1} ns   {:>8.4} allocations",
            cost.nanoseconds, cost.allocations
        );
    }
}
