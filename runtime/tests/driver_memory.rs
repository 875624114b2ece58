//! The allocations of a driven run: none; with splits, one for what its branches share.

use std::convert::Infallible;

use stateway::prelude::*;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

workflow! {
    workflow Count {
        input { turns: u64 }
        start Even { turn: u64 };
        state Odd { turn: u64 };
        done Reached;
        step to_odd: Even -> Odd | Reached;
        step to_even: Odd -> Even | Odd | Reached;
    }
}

struct Counter;

impl CountSteps for Counter {
    type Error = Infallible;

    async fn to_odd(&self, even: Even, step: &Step<ToOdd>) -> Result<ToOdd, Infallible> {
        Ok(if even.turn < step.input().turns {
            step.to(Odd {
                turn: even.turn + 1,
            })
        } else {
            step.to(Reached)
        })
    }

    async fn to_even(&self, odd: Odd, step: &Step<ToEven>) -> Result<ToEven, Infallible> {
        Ok(if odd.turn >= step.input().turns {
            step.to(Reached)
        } else if odd.turn.is_multiple_of(3) {
            step.to(Odd { turn: odd.turn + 1 })
        } else {
            step.to(Even { turn: odd.turn + 1 })
        })
    }
}

/// Counts the blocks that a run of `n` turns allocates.
fn blocks(turns: u64) -> u64 {
    let before = dhat::HeapStats::get().total_blocks;
    let run = Count::start(CountInput { turns }, Even { turn: 0 }).run(&Counter);
    assert!(pollster::block_on(run).is_ok());
    dhat::HeapStats::get().total_blocks - before
}

mod splits {
    use super::{Branch, Branched, Counter, Infallible, Step, workflow};

    workflow! {
        workflow Count {
            start Counting { left: u64 };
            done Counted;
            split count as Next: Counting -> Counting | Counted {
                branch first: u64;
                branch second: String;
                branch third: u64 with retry(3), deadline(1h);
                join quorum(3);
            }
        }
    }

    impl CountSteps for Counter {
        type Error = Infallible;

        async fn first(&self, _: &Counting, _: &Branch<Next>) -> Result<u64, Infallible> {
            Ok(1)
        }

        async fn second(&self, _: &Counting, _: &Branch<Next>) -> Result<String, Infallible> {
            Ok(String::new())
        }

        async fn third(&self, counting: &Counting, _: &Branch<Next>) -> Result<u64, Infallible> {
            Ok(counting.left)
        }

        async fn count(
            &self,
            _: Counting,
            joined: NextJoined<Infallible>,
            step: &Step<Next>,
        ) -> Result<Next, Infallible> {
            Ok(match joined.third {
                Branched::Done(left @ 1..) => step.to(Counting { left: left - 1 }),
                _ => step.to(Counted),
            })
        }
    }

    /// Counts the blocks that a run of `n` splits allocates.
    pub(super) fn blocks(left: u64) -> u64 {
        let before = dhat::HeapStats::get().total_blocks;
        let run = Count::start(Counting { left }).run(&Counter);
        assert!(pollster::block_on(run).is_ok());
        dhat::HeapStats::get().total_blocks - before
    }
}

// Without a harness, whose threads allocate now and then: the allocator counts for the whole process.
fn main() {
    let _profiler = dhat::Profiler::builder().testing().build();
    a_run_of_twenty_million_turns_allocates_nothing();
    a_branch_of_a_split_allocates_nothing();
}

fn a_run_of_twenty_million_turns_allocates_nothing() {
    // The executor of this test allocates on its first use.
    blocks(0);
    assert_eq!(blocks(0), 0);
    assert_eq!(blocks(1_000), 0);
    let peak = dhat::HeapStats::get().max_bytes;
    assert_eq!(blocks(20_000_000), 0);
    assert_eq!(dhat::HeapStats::get().max_bytes, peak);
}

fn a_branch_of_a_split_allocates_nothing() {
    assert_eq!(splits::blocks(0), 1);
    let peak = dhat::HeapStats::get().max_bytes;
    assert_eq!(splits::blocks(100_000), 1);
    assert_eq!(dhat::HeapStats::get().max_bytes, peak);
}
