//! The rounds of tests that draw: few with each change, ten times as many in `.ci/slow`.

/// As many rounds as are made with each change, times `STATEWAY_ROUNDS`.
pub(crate) fn rounds(few: u32) -> u32 {
    let times = std::env::var("STATEWAY_ROUNDS").map_or(1, |times| {
        times.parse().expect("`STATEWAY_ROUNDS` is a number")
    });
    few.saturating_mul(times)
}
