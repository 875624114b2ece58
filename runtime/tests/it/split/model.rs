//! Every strategy against a plain model of it: over random scripts of branches, named ones and items,
//! with and without a bound on how many run at a time, with and without a limit of time.

use std::time::Duration;

use proptest::prelude::*;
use stateway::prelude::*;
use tokio::time::{Instant, sleep};

/// The behaviour of a branch after `n` milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Script {
    after: u64,
    does: Does,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Succeed,
    Fail,
    Panic,
}

/// The fate of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Became {
    Done(usize),
    Failed,
    Cancelled,
}

/// The end of a split, and when: the fate of each branch, or those that had failed.
#[derive(Debug, PartialEq, Eq)]
struct Report {
    at: u64,
    joined: Result<Vec<Became>, Vec<usize>>,
    /// The number of handlers that were called.
    called: usize,
}

/// The strategies, in the words of the documentation.
#[derive(Debug, Clone, Copy)]
enum Rule {
    All,
    Any,
    Quorum(usize),
    Percent(usize),
    Settled(usize),
}

/// Plays the branches through, millisecond by millisecond and branch by branch.
fn model(rule: Rule, at_most: usize, within: Option<u64>, scripts: &[Script]) -> Report {
    let count = scripts.len();
    let needed = match rule {
        Rule::All => count,
        Rule::Any => 1,
        Rule::Quorum(needed) | Rule::Settled(needed) => needed,
        Rule::Percent(percent) => (0..=count)
            .find(|some| some * 100 >= percent * count)
            .expect("a hundred percent are all"),
    };
    let waits = matches!(rule, Rule::Settled(_));
    let mut became = vec![Became::Cancelled; count];
    let mut running: Vec<(usize, u64)> = Vec::new();
    let mut waiting: std::collections::VecDeque<usize> = (0..count).collect();
    let mut called = 0;
    let report = |at: u64, became: &[Became], called: usize| {
        let done = became.iter().filter(|it| matches!(it, Became::Done(_)));
        let joined = if done.count() >= needed {
            Ok(became.to_vec())
        } else {
            let failed = |position: &usize| became[*position] == Became::Failed;
            Err((0..became.len()).filter(failed).collect())
        };
        Report { at, joined, called }
    };
    let is_over = |became: &[Became]| {
        let done = became
            .iter()
            .filter(|it| matches!(it, Became::Done(_)))
            .count();
        let failed = became.iter().filter(|it| **it == Became::Failed).count();
        count - failed < needed || (done >= needed && (!waits || done + failed == count))
    };
    if is_over(&became) {
        return report(0, &became, called);
    }
    for now in 0.. {
        // Whoever ends in this millisecond, the one that has begun first first; the place that it
        // leaves is taken in the same millisecond.
        loop {
            while running.len() < at_most {
                let Some(next) = waiting.pop_front() else {
                    break;
                };
                called += 1;
                running.push((next, now + scripts[next].after));
            }
            let Some(ends) = running.iter().position(|(_, ends)| *ends <= now) else {
                break;
            };
            let (branch, _) = running.remove(ends);
            became[branch] = match scripts[branch].does {
                Does::Succeed => Became::Done(branch),
                Does::Fail | Does::Panic => Became::Failed,
            };
            if is_over(&became) {
                return report(now, &became, called);
            }
        }
        if within == Some(now) {
            return report(now, &became, called);
        }
    }
    unreachable!("every branch ends")
}

struct Stage {
    scripts: Vec<Script>,
    called: std::sync::atomic::AtomicUsize,
}

impl Stage {
    async fn play(&self, position: usize) -> Result<usize, ()> {
        self.called
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let Script { after, does } = self.scripts[position];
        sleep(Duration::from_millis(after)).await;
        match does {
            Does::Succeed => Ok(position),
            Does::Fail => Err(()),
            Does::Panic => std::panic::panic_any("as the script says"),
        }
    }
}

fn became(branch: &Branched<usize, ()>) -> Became {
    match branch {
        Branched::Done(position) => Became::Done(*position),
        Branched::Failed(_) => Became::Failed,
        Branched::Cancelled => Became::Cancelled,
    }
}

/// For a strategy that keeps the outputs alone: what is not there was cancelled or failed.
fn only(done: &[usize], scripts: &[Script]) -> Vec<Became> {
    let position = |position: usize| {
        if done.contains(&position) {
            Became::Done(position)
        } else {
            Became::Cancelled
        }
    };
    (0..scripts.len()).map(position).collect()
}

fn outcome<End>(
    outcome: Result<End, RunError<()>>,
    seen: impl FnOnce(End) -> Vec<Became>,
) -> Result<Vec<Became>, Vec<usize>> {
    outcome.map(seen).map_err(|error| match error.cause() {
        Cause::Join(join) => {
            let position = |failure: &BranchError<()>| {
                let named = || "abcd".find(failure.branch()).expect("it is one of them");
                failure.item().unwrap_or_else(named)
            };
            join.failures.iter().map(position).collect()
        }
        cause => panic!("{cause:?}"),
    })
}

/// A workflow over items and one over four named branches, under the same strategy.
macro_rules! strategy {
    ($name:ident, $joined:ty, |$join:ident, $stage:ident| $items:expr, |$four:ident, $players:ident| $named:expr, $bound:literal, $($strategy:tt)*) => {
        mod $name {
            use super::*;

            mod items {
                use super::*;

                workflow! {
                    workflow Play {
                        start Cast { parts: Vec<usize> };
                        done Over { became: Vec<Became> };
                        split play as Acts: Cast -> Over {
                            each part in parts: usize => usize, at most $bound;
                            join $($strategy)*;
                        }
                    }
                }

                impl PlaySteps for Stage {
                    type Error = ();

                    async fn part(&self, _: &Cast, part: &usize, _: &Branch<Acts>) -> Result<usize, ()> {
                        self.play(*part).await
                    }

                    async fn play(&self, _: Cast, $join: $joined, step: &Step<Acts>) -> Result<Acts, ()> {
                        let $stage = self;
                        Ok(step.to(Over { became: $items }))
                    }
                }

                pub(super) async fn run(stage: &Stage) -> Result<Vec<Became>, Vec<usize>> {
                    let parts = (0..stage.scripts.len()).collect();
                    let end = Play::start(Cast { parts }).run(stage).await;
                    outcome(end, |PlayEnd::Over(over)| over.became)
                }
            }

            mod four {
                use super::*;

                workflow! {
                    workflow Play {
                        start Cast;
                        done Over { became: Vec<Became> };
                        split play as Acts: Cast -> Over {
                            branch a: usize;
                            branch b: usize;
                            branch c: usize;
                            branch d: usize;
                            join $($strategy)*;
                        }
                    }
                }

                impl PlaySteps for Stage {
                    type Error = ();

                    async fn a(&self, _: &Cast, _: &Branch<Acts>) -> Result<usize, ()> {
                        self.play(0).await
                    }

                    async fn b(&self, _: &Cast, _: &Branch<Acts>) -> Result<usize, ()> {
                        self.play(1).await
                    }

                    async fn c(&self, _: &Cast, _: &Branch<Acts>) -> Result<usize, ()> {
                        self.play(2).await
                    }

                    async fn d(&self, _: &Cast, _: &Branch<Acts>) -> Result<usize, ()> {
                        self.play(3).await
                    }

                    async fn play(&self, _: Cast, $four: $joined, step: &Step<Acts>) -> Result<Acts, ()> {
                        let $players = self;
                        Ok(step.to(Over { became: $named }))
                    }
                }

                pub(super) async fn run(stage: &Stage) -> Result<Vec<Became>, Vec<usize>> {
                    let end = Play::start(Cast).run(stage).await;
                    outcome(end, |PlayEnd::Over(over)| over.became)
                }
            }

            pub(super) fn report(is_named: bool, scripts: &[Script]) -> Report {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .start_paused(true)
                    .build()
                    .expect("a runtime starts");
                runtime.block_on(async {
                    let stage = Stage {
                        scripts: scripts.to_vec(),
                        called: std::sync::atomic::AtomicUsize::new(0),
                    };
                    let began = Instant::now();
                    let joined = if is_named {
                        four::run(&stage).await
                    } else {
                        items::run(&stage).await
                    };
                    Report {
                        at: u64::try_from(began.elapsed().as_millis()).expect("it is short"),
                        joined,
                        called: stage.called.into_inner(),
                    }
                })
            }
        }
    };
}

macro_rules! all {
    ($name:ident, $bound:literal, $($strategy:tt)*) => {
        strategy!(
            $name, ActsJoined,
            |joined, _stage| joined.into_iter().map(Became::Done).collect(),
            |joined, stage| only(&[joined.a, joined.b, joined.c, joined.d], &stage.scripts),
            $bound, $($strategy)*
        );
    };
}

macro_rules! any {
    ($name:ident, $bound:literal, $($strategy:tt)*) => {
        strategy!(
            $name, ActsJoined,
            |joined, stage| only(&[joined.item], &stage.scripts),
            |joined, stage| match joined {
                ActsJoined::A(it) | ActsJoined::B(it) | ActsJoined::C(it) | ActsJoined::D(it) => {
                    only(&[it], &stage.scripts)
                }
            },
            $bound, $($strategy)*
        );
    };
}

macro_rules! some {
    ($name:ident, $bound:literal, $($strategy:tt)*) => {
        strategy!(
            $name, ActsJoined<()>,
            |joined, _stage| joined.iter().map(became).collect(),
            |joined, _stage| [&joined.a, &joined.b, &joined.c, &joined.d].map(became).to_vec(),
            $bound, $($strategy)*
        );
    };
}

all!(all_of_two, 2, all);
all!(all_within, 9, all within 20ms);
any!(any_of_three, 3, any);
any!(any_within, 9, any within 20ms);
some!(quorum, 9, quorum(2));
some!(quorum_of_two, 2, quorum(3));
some!(quorum_within, 3, quorum(2) within 20ms);
some!(percent, 9, percent(50));
some!(percent_within, 2, percent(67) within 20ms);
some!(settled, 3, settled);
some!(settled_within, 2, settled within 20ms);
some!(settled_two, 9, settled(min 2));
some!(settled_two_within, 3, settled(min 2) within 20ms);

/// A strategy by its place in the list: its rule and bound and time for the model, and how it runs.
type Case = (Rule, usize, Option<u64>, fn(bool, &[Script]) -> Report);

const CASES: [Case; 13] = [
    (Rule::All, 2, None, all_of_two::report),
    (Rule::All, 9, Some(20), all_within::report),
    (Rule::Any, 3, None, any_of_three::report),
    (Rule::Any, 9, Some(20), any_within::report),
    (Rule::Quorum(2), 9, None, quorum::report),
    (Rule::Quorum(3), 2, None, quorum_of_two::report),
    (Rule::Quorum(2), 3, Some(20), quorum_within::report),
    (Rule::Percent(50), 9, None, percent::report),
    (Rule::Percent(67), 2, Some(20), percent_within::report),
    (Rule::Settled(0), 3, None, settled::report),
    (Rule::Settled(0), 2, Some(20), settled_within::report),
    (Rule::Settled(2), 9, None, settled_two::report),
    (Rule::Settled(2), 3, Some(20), settled_two_within::report),
];

/// Branches whose times make all sums of them different, so that no two end in the same millisecond
/// unless they are the same.
fn scripts(count: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<Script>> {
    let does = prop_oneof![
        3 => Just(Does::Succeed),
        2 => Just(Does::Fail),
        1 => Just(Does::Panic),
    ];
    prop::collection::vec((1_u64..40, does), count).prop_map(|scripts| {
        scripts
            .into_iter()
            .map(|(after, does)| Script { after, does })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn items_are_joined_as_in_the_model(case in 0..CASES.len(), scripts in scripts(0..9)) {
        let (rule, at_most, within, run) = CASES[case];
        prop_assume!(no_two_end_at_once(at_most, &scripts));
        let expected = comparable(rule, model(rule, at_most, within, &scripts));
        prop_assert_eq!(run(false, &scripts), expected);
    }

    #[test]
    fn named_branches_are_joined_as_in_the_model(case in 0..CASES.len(), scripts in scripts(4)) {
        let (rule, _, within, run) = CASES[case];
        // Those that end at the same time are taken in the order of their declaration.
        let expected = comparable(rule, model(rule, 4, within, &scripts));
        prop_assert_eq!(run(true, &scripts), expected);
    }
}

/// `all` and `any` say nothing of the branches that failed.
fn comparable(rule: Rule, mut report: Report) -> Report {
    if let (Rule::All | Rule::Any, Ok(became)) = (rule, &mut report.joined) {
        for branch in became.iter_mut().filter(|it| **it == Became::Failed) {
            *branch = Became::Cancelled;
        }
    }
    report
}

/// Which of two items that end in the same millisecond is taken first is not promised.
fn no_two_end_at_once(at_most: usize, scripts: &[Script]) -> bool {
    let mut seats = vec![0_u64; at_most];
    let mut ends = std::collections::HashSet::new();
    scripts.iter().all(|script| {
        let seat = seats.iter_mut().min().expect("there is a seat");
        *seat += script.after;
        ends.insert(*seat)
    })
}
