//! A rollback undoes exactly what was done, branches and calls in doubt included, in reverse, whatever went wrong.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::sync::Mutex;
use std::time::Duration;

use proptest::prelude::*;
use stateway::Key;
use stateway::prelude::*;
use tokio::time::sleep;

workflow! {
    #[derive(Clone)]
    workflow Haul {
        start Begun { round: usize };
        state Loaded { round: usize };
        done Home;
        failed Bad;

        split load: Begun -> Loaded {
            branch left: usize with undo(drop_left);
            branch right: usize with retry(2, every 1ms), undo(drop_right, retry(2, every 1ms));
            branch light: usize;
            join all;
        }
        step drive: Loaded -> Begun | Home | Bad
            with retry(2, every 1ms), undo(Begun => back, in doubt => look);
    }
}

/// The end of a call.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    Succeeds,
    Fails,
    IsRefused,
    Panics,
}

/// The ends of the calls of one round.
#[derive(Debug, Clone)]
struct Round {
    left: Act,
    right: [Act; 2],
    light: Act,
    join: Act,
    drive: [Act; 2],
    ends_badly: bool,
}

/// A branch ends this many milliseconds after its call: no two at the same time.
const RIGHT: u64 = 4;
const LIGHT: u64 = 7;
const LEFT: u64 = 10;

/// An effect of a round, by the name of its undo.
type Done = (&'static str, usize);

/// The effects that are undone, as simple as it can be said.
fn model(rounds: &[Round]) -> Vec<Done> {
    let mut done = Vec::new();
    for (at, round) in rounds.iter().enumerate() {
        let right_again = matches!(round.right[0], Act::Fails | Act::Panics);
        let (right, right_at) = if right_again {
            (round.right[1], RIGHT + 1 + RIGHT)
        } else {
            (round.right[0], RIGHT)
        };
        let mut ends = [
            (right_at, right, Some("drop_right")),
            (LIGHT, round.light, None),
            (LEFT, round.left, Some("drop_left")),
        ];
        ends.sort_by_key(|end| end.0);
        let mut is_joined = true;
        for (_, act, undo) in ends {
            if act != Act::Succeeds {
                is_joined = false;
                break;
            }
            done.extend(undo.map(|undo| (undo, at)));
        }
        if !is_joined || round.join != Act::Succeeds {
            break;
        }
        let last = match round.drive {
            [Act::Fails | Act::Panics, again] => again,
            [first, _] => first,
        };
        match last {
            Act::Succeeds if at + 1 == rounds.len() && !round.ends_badly => return Vec::new(),
            Act::Succeeds if at + 1 == rounds.len() => break,
            Act::Succeeds => done.push(("back", at)),
            Act::IsRefused => break,
            Act::Fails | Act::Panics => {
                done.push(("look", at));
                break;
            }
        }
    }
    done.reverse();
    done
}

struct Hauler {
    rounds: Vec<Round>,
    undone: Mutex<Vec<Done>>,
    keys: Mutex<BTreeSet<String>>,
}

impl Hauler {
    fn undo(&self, undo: &'static str, round: usize, key: &Key) {
        self.undone
            .lock()
            .expect("panics are outside")
            .push((undo, round));
        let is_new = self
            .keys
            .lock()
            .expect("panics are outside")
            .insert(key.to_string());
        assert!(is_new, "no two undos have one key");
    }
}

/// Without the hook: the messages would bury a failure.
fn act(act: Act) -> Result<(), bool> {
    match act {
        Act::Succeeds => Ok(()),
        Act::Fails => Err(true),
        Act::IsRefused => Err(false),
        Act::Panics => resume_unwind(Box::new("as the case says")),
    }
}

impl HaulSteps for Hauler {
    type Error = bool;

    fn retryable(&self, error: &bool) -> bool {
        *error
    }

    async fn left(&self, begun: &Begun, _: &Branch<Load>) -> Result<usize, bool> {
        sleep(Duration::from_millis(LEFT)).await;
        act(self.rounds[begun.round].left).map(|()| begun.round)
    }

    async fn drop_left(&self, begun: &Begun, out: usize, undo: &Undo<Load>) -> Result<(), bool> {
        assert_eq!(begun.round, out);
        self.undo("drop_left", out, &undo.key());
        Ok(())
    }

    async fn right(&self, begun: &Begun, branch: &Branch<Load>) -> Result<usize, bool> {
        sleep(Duration::from_millis(RIGHT)).await;
        let attempt = branch.attempt() as usize - 1;
        act(self.rounds[begun.round].right[attempt]).map(|()| begun.round)
    }

    async fn drop_right(&self, begun: &Begun, out: usize, undo: &Undo<Load>) -> Result<(), bool> {
        assert_eq!(begun.round, out);
        if undo.attempt() == 1 {
            return Err(true);
        }
        self.undo("drop_right", out, &undo.key());
        Ok(())
    }

    async fn light(&self, begun: &Begun, _: &Branch<Load>) -> Result<usize, bool> {
        sleep(Duration::from_millis(LIGHT)).await;
        act(self.rounds[begun.round].light).map(|()| 0)
    }

    async fn load(&self, begun: Begun, _: LoadJoined, step: &Step<Load>) -> Result<Load, bool> {
        act(self.rounds[begun.round].join)?;
        Ok(step.to(Loaded { round: begun.round }))
    }

    async fn drive(&self, loaded: Loaded, step: &Step<Drive>) -> Result<Drive, bool> {
        let round = &self.rounds[loaded.round];
        act(round.drive[step.attempt() as usize - 1])?;
        let next = loaded.round + 1;
        Ok(if next < self.rounds.len() {
            step.to(Begun { round: next })
        } else if round.ends_badly {
            step.to(Bad)
        } else {
            step.to(Home)
        })
    }

    async fn back(&self, begun: Begun, undo: &Undo<Drive>) -> Result<(), bool> {
        self.undo("back", begun.round - 1, &undo.key());
        Ok(())
    }

    async fn look(&self, loaded: Loaded, undo: &Undo<Drive>) -> Result<(), bool> {
        self.undo("look", loaded.round, &undo.key());
        Ok(())
    }
}

fn check(rounds: &[Round]) -> Result<(), TestCaseError> {
    let hauler = Hauler {
        rounds: rounds.to_vec(),
        undone: Mutex::default(),
        keys: Mutex::default(),
    };
    let executor = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("tokio starts");
    let run = Haul::start(Begun { round: 0 }).run(&hauler);
    let outcome = executor.block_on(run);
    let undone = hauler.undone.into_inner().expect("panics are outside");
    let expected = model(rounds);
    prop_assert_eq!(&undone, &expected);
    if let Err(error) = outcome {
        prop_assert!(error.rollback().is_complete());
        prop_assert_eq!(error.rollback().undone.len(), expected.len());
    }
    Ok(())
}

fn rounds() -> impl Strategy<Value = Vec<Round>> {
    let act = prop_oneof![
        9 => Just(Act::Succeeds),
        1 => Just(Act::Fails),
        1 => Just(Act::IsRefused),
        1 => Just(Act::Panics),
    ];
    let pair = [act.clone(), act.clone()];
    let round = (
        act.clone(),
        pair.clone(),
        act.clone(),
        act,
        pair,
        any::<bool>(),
    );
    let round = round.prop_map(|(left, right, light, join, drive, ends_badly)| Round {
        left,
        right,
        light,
        join,
        drive,
        ends_badly,
    });
    proptest::collection::vec(round, 1..6)
}

#[test]
fn branches_and_calls_in_doubt_are_undone_in_reverse_with_the_rest() {
    let config = ProptestConfig {
        cases: 3_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let outcome = runner.run(&rounds(), |case| check(&case));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
