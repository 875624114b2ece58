//! The distance between the processors of the machine: virtual ones may share a cache or not, and it changes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

const ROUNDS: u64 = 200_000;

/// The nanoseconds that a word takes from one thread to another and back.
#[expect(clippy::cast_precision_loss, reason = "they are small")]
pub(crate) fn round_trip() -> f64 {
    let word = AtomicU64::new(0);
    let began = Instant::now();
    // One thread makes it odd and the other even.
    let play = |mine: u64| {
        for next in (mine..ROUNDS * 2).step_by(2) {
            while word.load(Ordering::Acquire) != next {
                std::hint::spin_loop();
            }
            word.store(next + 1, Ordering::Release);
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| play(0));
        play(1);
    });
    began.elapsed().as_nanos() as f64 / ROUNDS as f64
}
