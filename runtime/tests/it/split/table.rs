//! Every strategy of a join against every way that its branches may end: the table of the module
//! `splits`, line by line; what a cancellation does to single branches has a file of its own.

use std::time::Duration;

use End::{Joined, NotJoined};

use crate::support::lab;
use crate::support::lab::Do::{Fail, Give, Hang, Panic};
use crate::support::lab::Seen::{Cancelled, Done, Failed, Panicked};
use crate::support::lab::{Do, End, Lab};

/// Runs the same script under one strategy and compares the end, which says when it came as well.
macro_rules! check {
    ($strategy:ident, $script:expr, $expected:expr) => {{
        let lab = Lab::new(&$script);
        assert_eq!(lab::$strategy::run(&lab).await, $expected);
    }};
}

/// The same with a run that is cancelled after 15 milliseconds.
macro_rules! check_cancelled {
    ($strategy:ident, $script:expr, $expected:expr) => {{
        let lab = Lab::new(&$script);
        let cancel = async {
            tokio::time::sleep(Duration::from_millis(15)).await;
            lab.token.cancel();
        };
        let (end, ()) = tokio::join!(lab::$strategy::run(&lab), cancel);
        assert_eq!(end, $expected);
    }};
}

const WELL: [Do; 3] = [Give(10), Give(20), Give(30)];
const FIRST_FAILS: [Do; 3] = [Fail(10), Give(20), Give(30)];
const ALL_FAIL: [Do; 3] = [Fail(10), Fail(20), Fail(30)];
const FIRST_PANICS: [Do; 3] = [Panic(10), Give(20), Give(30)];
const ONE_IN_TIME: [Do; 3] = [Give(10), Hang, Hang];
const NONE_IN_TIME: [Do; 3] = [Give(30), Fail(40), Hang];

#[tokio::test(start_paused = true)]
async fn all_is_joined_when_every_branch_has_succeeded() {
    check!(all, WELL, Joined(30, vec![Done('a'), Done('b'), Done('c')]));
}

#[tokio::test(start_paused = true)]
async fn all_fails_at_the_first_failure() {
    check!(all, FIRST_FAILS, NotJoined(10, 0, vec!['a']));
    check!(all, [Give(10), Fail(0), Hang], NotJoined(0, 0, vec!['b']));
    check!(all, ALL_FAIL, NotJoined(10, 0, vec!['a']));
    check!(all, FIRST_PANICS, NotJoined(10, 0, vec!['a']));
}

#[tokio::test(start_paused = true)]
async fn all_fails_when_its_time_is_up() {
    check!(all_within, WELL, NotJoined(25, 2, vec![]));
    check!(all_within, ONE_IN_TIME, NotJoined(25, 1, vec![]));
    check!(
        all_within,
        [Give(10), Give(20), Give(24)],
        Joined(24, vec![Done('a'), Done('b'), Done('c')])
    );
}

#[tokio::test(start_paused = true)]
async fn any_is_joined_at_the_first_success() {
    check!(any, WELL, Joined(10, vec![Done('a')]));
    check!(any, FIRST_FAILS, Joined(20, vec![Done('b')]));
    check!(any, FIRST_PANICS, Joined(20, vec![Done('b')]));
    check!(any, [Hang, Hang, Give(7)], Joined(7, vec![Done('c')]));
}

#[tokio::test(start_paused = true)]
async fn any_fails_when_the_last_branch_has_failed() {
    check!(any, ALL_FAIL, NotJoined(30, 0, vec!['a', 'b', 'c']));
    check!(
        any,
        [Panic(0), Fail(20), Panic(10)],
        NotJoined(20, 0, vec!['a', 'b', 'c'])
    );
}

#[tokio::test(start_paused = true)]
async fn any_fails_when_its_time_is_up() {
    check!(any_within, ONE_IN_TIME, Joined(10, vec![Done('a')]));
    check!(any_within, NONE_IN_TIME, NotJoined(25, 0, vec![]));
    check!(
        any_within,
        [Fail(10), Hang, Hang],
        NotJoined(25, 0, vec!['a'])
    );
}

#[tokio::test(start_paused = true)]
async fn a_quorum_is_joined_as_soon_as_enough_branches_have_succeeded() {
    check!(
        quorum,
        WELL,
        Joined(20, vec![Done('a'), Done('b'), Cancelled])
    );
    check!(
        quorum,
        [Give(10), Give(10), Give(500)],
        Joined(10, vec![Done('a'), Done('b'), Cancelled])
    );
    check!(
        quorum,
        FIRST_FAILS,
        Joined(30, vec![Failed, Done('b'), Done('c')])
    );
    check!(
        quorum,
        FIRST_PANICS,
        Joined(30, vec![Panicked, Done('b'), Done('c')])
    );
}

#[tokio::test(start_paused = true)]
async fn a_quorum_fails_as_soon_as_too_few_are_left() {
    check!(quorum, ALL_FAIL, NotJoined(20, 0, vec!['a', 'b']));
    check!(
        quorum,
        [Give(500), Panic(10), Fail(10)],
        NotJoined(10, 0, vec!['b', 'c'])
    );
}

#[tokio::test(start_paused = true)]
async fn a_quorum_fails_when_its_time_is_up() {
    check!(
        quorum_within,
        WELL,
        Joined(20, vec![Done('a'), Done('b'), Cancelled])
    );
    check!(quorum_within, ONE_IN_TIME, NotJoined(25, 1, vec![]));
    check!(quorum_within, NONE_IN_TIME, NotJoined(25, 0, vec![]));
}

// 34 % of three branches are two of them.
#[tokio::test(start_paused = true)]
async fn a_percentage_is_rounded_up_to_whole_branches() {
    check!(
        percent,
        WELL,
        Joined(20, vec![Done('a'), Done('b'), Cancelled])
    );
    check!(
        percent,
        FIRST_FAILS,
        Joined(30, vec![Failed, Done('b'), Done('c')])
    );
    check!(
        percent,
        FIRST_PANICS,
        Joined(30, vec![Panicked, Done('b'), Done('c')])
    );
    check!(percent, ALL_FAIL, NotJoined(20, 0, vec!['a', 'b']));
    check!(percent_within, ONE_IN_TIME, NotJoined(25, 1, vec![]));
}

#[tokio::test(start_paused = true)]
async fn settled_is_joined_when_all_have_ended_however_they_did() {
    check!(
        settled,
        WELL,
        Joined(30, vec![Done('a'), Done('b'), Done('c')])
    );
    check!(
        settled,
        FIRST_FAILS,
        Joined(30, vec![Failed, Done('b'), Done('c')])
    );
    check!(
        settled,
        FIRST_PANICS,
        Joined(30, vec![Panicked, Done('b'), Done('c')])
    );
    check!(settled, ALL_FAIL, Joined(30, vec![Failed, Failed, Failed]));
}

#[tokio::test(start_paused = true)]
async fn settled_is_joined_with_what_has_ended_when_its_time_is_up() {
    check!(
        settled_within,
        ONE_IN_TIME,
        Joined(25, vec![Done('a'), Cancelled, Cancelled])
    );
    check!(
        settled_within,
        NONE_IN_TIME,
        Joined(25, vec![Cancelled, Cancelled, Cancelled])
    );
}

#[tokio::test(start_paused = true)]
async fn settled_with_a_minimum_waits_for_all_and_fails_without_enough() {
    check!(
        settled_two,
        WELL,
        Joined(30, vec![Done('a'), Done('b'), Done('c')])
    );
    check!(
        settled_two,
        FIRST_FAILS,
        Joined(30, vec![Failed, Done('b'), Done('c')])
    );
    check!(
        settled_two,
        FIRST_PANICS,
        Joined(30, vec![Panicked, Done('b'), Done('c')])
    );
    // Nothing is left to wait for: two cannot succeed any more.
    check!(settled_two, ALL_FAIL, NotJoined(20, 0, vec!['a', 'b']));
    check!(settled_two_within, ONE_IN_TIME, NotJoined(25, 1, vec![]));
    check!(
        settled_two_within,
        WELL,
        Joined(25, vec![Done('a'), Done('b'), Cancelled])
    );
}

#[tokio::test(start_paused = true)]
async fn what_ends_at_the_very_end_of_the_time_counts() {
    check!(
        all_within,
        [Give(10), Give(25), Give(25)],
        Joined(25, vec![Done('a'), Done('b'), Done('c')])
    );
    check!(percent_within, NONE_IN_TIME, NotJoined(25, 0, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_branch_that_is_not_needed_any_more_is_dropped_before_the_join_handler_runs() {
    let lab = Lab::new(&[Give(10), Hang, Give(20)]);
    lab::quorum::run(&lab).await;
    assert_eq!(
        lab.log(),
        [
            "a gone at 10",
            "c gone at 20",
            "b gone at 20",
            "joined at 20"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_branch_behind_the_one_that_decides_at_once_does_not_begin() {
    let lab = Lab::new(&[Give(0), Give(0), Hang]);
    lab::any::run(&lab).await;
    assert_eq!(lab.log(), ["a gone at 0", "joined at 0"]);
}

#[tokio::test(start_paused = true)]
async fn a_join_that_succeeds_in_a_cancelled_run_is_carried_through() {
    let all = vec![Done('a'), Done('b'), Done('c')];
    check_cancelled!(all, WELL, Joined(30, all.clone()));
    check_cancelled!(any, FIRST_FAILS, Joined(20, vec![Done('b')]));
    let two = vec![Done('a'), Done('b'), Cancelled];
    check_cancelled!(quorum, WELL, Joined(20, two.clone()));
    check_cancelled!(percent, WELL, Joined(20, two));
    check_cancelled!(settled, WELL, Joined(30, all.clone()));
    check_cancelled!(settled, ALL_FAIL, Joined(30, vec![Failed, Failed, Failed]));
    check_cancelled!(settled_two, WELL, Joined(30, all));
}

#[tokio::test(start_paused = true)]
async fn a_join_that_cannot_succeed_in_a_cancelled_run_is_its_cancellation() {
    check_cancelled!(all, [Give(10), Fail(20), Give(30)], End::Cancelled(20));
    check_cancelled!(all, [Give(10), Panic(20), Give(30)], End::Cancelled(20));
    check_cancelled!(any, ALL_FAIL, End::Cancelled(30));
    check_cancelled!(quorum, ALL_FAIL, End::Cancelled(20));
    check_cancelled!(percent, ALL_FAIL, End::Cancelled(20));
    check_cancelled!(settled_two, ALL_FAIL, End::Cancelled(20));
    check_cancelled!(all_within, ONE_IN_TIME, End::Cancelled(25));
    check_cancelled!(any_within, NONE_IN_TIME, End::Cancelled(25));
    check_cancelled!(quorum_within, ONE_IN_TIME, End::Cancelled(25));
    check_cancelled!(percent_within, ONE_IN_TIME, End::Cancelled(25));
    check_cancelled!(settled_two_within, ONE_IN_TIME, End::Cancelled(25));
    let one = vec![Done('a'), Cancelled, Cancelled];
    check_cancelled!(settled_within, ONE_IN_TIME, Joined(25, one));
}
