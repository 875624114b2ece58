//! What a driven run allocates: nothing.

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

/// How many blocks a run of so many turns allocates.
fn blocks(turns: u64) -> u64 {
    let before = dhat::HeapStats::get().total_blocks;
    let run = Count::start(CountInput { turns }, Even { turn: 0 }).run(&Counter);
    assert!(pollster::block_on(run).is_ok());
    dhat::HeapStats::get().total_blocks - before
}

// Without a harness, whose threads allocate now and then: the allocator counts for the whole process.
fn main() {
    a_run_of_twenty_million_turns_allocates_nothing();
}

fn a_run_of_twenty_million_turns_allocates_nothing() {
    let _profiler = dhat::Profiler::builder().testing().build();
    // The executor of this test allocates on its first use.
    blocks(0);
    assert_eq!(blocks(0), 0);
    assert_eq!(blocks(1_000), 0);
    let peak = dhat::HeapStats::get().max_bytes;
    assert_eq!(blocks(20_000_000), 0);
    assert_eq!(dhat::HeapStats::get().max_bytes, peak);
}
