//! The suite finds what it is there to find: stores that break one law each do not pass it.

mod effects;
mod fault;
mod faulty;

use std::panic::{AssertUnwindSafe, catch_unwind};

use stateway::testing::conformance::{Check, checks, run};

use fault::{ALL, Fault};
use faulty::Faulty;

/// The checks that a store with this fault does not pass.
fn found(fault: Fault) -> Vec<&'static str> {
    let fails = |check: Check| {
        let store = async { Faulty::new(fault) };
        let checked = catch_unwind(AssertUnwindSafe(|| {
            run(store, async |store| check(store).await);
        }));
        checked.is_err()
    };
    let all = checks().into_iter();
    all.filter(|(_, check)| fails(*check))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn every_broken_law_is_found() {
    // Nobody needs to read here what they print as they fail.
    std::panic::set_hook(Box::new(|_| {}));
    let missed: Vec<_> = ALL
        .iter()
        .filter(|fault| found(**fault).is_empty())
        .collect();
    let _ = std::panic::take_hook();
    assert!(missed.is_empty(), "no check finds these: {missed:?}");
}
