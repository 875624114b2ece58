//! A rollback undoes exactly what was taken and can be undone, in reverse, whatever the graph and
//! whatever went wrong.
//!
//! The workflow has every edge between its states. A case chooses which edges there are, so that its
//! graph is any one of up to 8 states, and what happens at each visit.

use std::collections::HashMap;
use std::sync::Mutex;

use proptest::prelude::*;
use stateway::prelude::*;

workflow! {
    #[derive(Clone)]
    workflow Walk {
        start A { visit: usize };
        start B { visit: usize };
        start C { visit: usize };
        start D { visit: usize };
        start E { visit: usize };
        start F { visit: usize };
        done Done { visit: usize };
        failed Bad;

        step go_a as FromA: A -> A | B | C | D | E | F | Done | Bad with undo(A => undo_a_a, B => undo_a_b, C => undo_a_c, D => undo_a_d, E => undo_a_e, F => undo_a_f, Done => undo_a_done);
        step go_b as FromB: B -> A | B | C | D | E | F | Done | Bad;
        step go_c as FromC: C -> A | B | C | D | E | F | Done | Bad with retry(2, every 1ms), undo(A => undo_c_a, B => undo_c_b, C => undo_c_c, D => undo_c_d, E => undo_c_e, F => undo_c_f, Done => undo_c_done, retry(2, every 1ms));
        step go_d as FromD: D -> A | B | C | D | E | F | Done | Bad with timeout(1s), undo(A => undo_d_a, B => undo_d_b, C => undo_d_c, D => undo_d_d, E => undo_d_e, F => undo_d_f, Done => undo_d_done);
        step go_e as FromE: E -> A | B | C | D | E | F | Done | Bad with retry(2, every 1ms), catch(catch_e);
        step go_f as FromF: F -> A | B | C | D | E | F | Done | Bad with undo(A => undo_f_a, B => undo_f_b, C => undo_f_c, D => undo_f_d, E => undo_f_e, F => undo_f_f, Done => undo_f_done), catch(catch_f);
    }
}

/// The states from which a transition can be undone.
const UNDOABLE: [usize; 4] = [0, 2, 3, 5];
/// Those whose step has a second attempt, and those whose errors are caught.
const RETRIED: [usize; 2] = [2, 4];
const CAUGHT: [usize; 2] = [4, 5];
const DONE: usize = 6;
const BAD: usize = 7;

/// The result of a call of a handler.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    /// It goes along one of the edges of its state.
    Go(usize),
    Fail,
    Panic,
    /// The run is cancelled while it goes along an edge.
    Cancel(usize),
}

#[derive(Debug, Clone)]
struct Case {
    start: usize,
    /// For each state, the states that it has edges to; where there is none, it ends.
    edges: Vec<Vec<usize>>,
    /// The behaviour of each call, one after the other; then runs end.
    acts: Vec<Act>,
    /// Undo handlers that fail, by the number of the call.
    broken: Vec<usize>,
}

impl Case {
    fn target(&self, from: usize, edge: usize) -> usize {
        let edges = &self.edges[from];
        if edges.is_empty() {
            DONE
        } else {
            edges[edge % edges.len()]
        }
    }

    fn act(&self, call: usize) -> Act {
        // An edge that leads nowhere near an end leads to the end in time.
        self.acts.get(call).copied().unwrap_or(Act::Fail)
    }
}

/// A visit that was undone: of which transition, to which state, with which data.
type Undone = (usize, usize, usize);

/// The expected run, as simple as it can be said.
fn model(case: &Case) -> (Option<usize>, Vec<Undone>) {
    let mut taken: Vec<Undone> = Vec::new();
    let (mut state, mut call, mut visit) = (case.start, 0, 0);
    let mut cancelled = false;
    let end = loop {
        if state == DONE || state == BAD {
            break Some(state);
        }
        if cancelled {
            break None;
        }
        let mut attempts = 1 + usize::from(RETRIED.contains(&state));
        let edge = loop {
            attempts -= 1;
            let act = case.act(call);
            call += 1;
            match act {
                Act::Go(edge) => break Some(edge),
                Act::Cancel(edge) => {
                    cancelled = true;
                    break Some(edge);
                }
                Act::Fail | Act::Panic if attempts > 0 => {}
                Act::Fail | Act::Panic if CAUGHT.contains(&state) => {
                    let caught = case.act(call);
                    call += 1;
                    match caught {
                        Act::Go(edge) => break Some(edge),
                        Act::Cancel(edge) => {
                            cancelled = true;
                            break Some(edge);
                        }
                        Act::Fail | Act::Panic => break None,
                    }
                }
                Act::Fail | Act::Panic => break None,
            }
        };
        let Some(edge) = edge else { break None };
        let to = case.target(state, edge);
        visit += 1;
        if UNDOABLE.contains(&state) && to != BAD {
            taken.push((state, to, visit));
        }
        state = to;
    };
    if end == Some(DONE) {
        taken.clear();
    }
    taken.reverse();
    (end, taken)
}

struct Walker {
    case: Case,
    token: CancellationToken,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    calls: usize,
    visits: usize,
    undone: Vec<Undone>,
    /// The number of undo attempts of each entry.
    tries: HashMap<Undone, usize>,
}

impl Walker {
    /// Where the handler of `from` goes: the target, and the number of the visit.
    fn go(&self, from: usize) -> Result<(usize, usize), ()> {
        let mut log = self.log.lock().expect("panics are outside");
        let act = self.case.act(log.calls);
        log.calls += 1;
        let edge = match act {
            Act::Go(edge) => edge,
            Act::Cancel(edge) => {
                self.token.cancel();
                edge
            }
            Act::Fail => return Err(()),
            Act::Panic => {
                drop(log);
                // Without the hook: the messages would bury a failure.
                std::panic::resume_unwind(Box::new("as the case says"));
            }
        };
        log.visits += 1;
        Ok((self.case.target(from, edge), log.visits))
    }

    fn undo(&self, from: usize, to: usize, visit: usize) -> Result<(), ()> {
        let mut log = self.log.lock().expect("panics are outside");
        let entry = (from, to, visit);
        let call = log.tries.len();
        let tries = log.tries.entry(entry).or_insert(0);
        *tries += 1;
        if *tries == 1 {
            log.undone.push(entry);
            if self.case.broken.contains(&call) {
                return Err(());
            }
        }
        Ok(())
    }
}

/// The index of a state, by its name.
fn index(name: &str) -> usize {
    let mut states = Walk::GRAPH.states.iter();
    states
        .position(|state| state.name == name)
        .expect("it is declared")
}

macro_rules! handlers {
    (steps { $($state:ident $step:ident $outcome:ident;)* } undos { $($undo:ident $to:ident $of:ident;)* }) => {
        $(impl $outcome {
            fn of(step: &Step<$outcome>, target: usize, visit: usize) -> Self {
                match target {
                    0 => step.to(A { visit }),
                    1 => step.to(B { visit }),
                    2 => step.to(C { visit }),
                    3 => step.to(D { visit }),
                    4 => step.to(E { visit }),
                    5 => step.to(F { visit }),
                    6 => step.to(Done { visit }),
                    _ => step.to(Bad),
                }
            }
        })*

        impl WalkSteps for Walker {
            type Error = ();

            $(async fn $step(&self, _: $state, step: &Step<$outcome>) -> Result<$outcome, ()> {
                let (target, visit) = self.go(index(stringify!($state)))?;
                Ok($outcome::of(step, target, visit))
            })*

            async fn catch_e(&self, _: E, _: Cause<()>, step: &Step<FromE>) -> Result<FromE, ()> {
                let (target, visit) = self.go(4)?;
                Ok(FromE::of(step, target, visit))
            }

            async fn catch_f(&self, _: F, _: Cause<()>, step: &Step<FromF>) -> Result<FromF, ()> {
                let (target, visit) = self.go(5)?;
                Ok(FromF::of(step, target, visit))
            }

            $(async fn $undo(&self, state: $to, _: &Undo<$of>) -> Result<(), ()> {
                let from = index(stringify!($of).trim_start_matches("From"));
                self.undo(from, index(stringify!($to)), state.visit)
            })*
        }
    };
}

handlers! {
    steps {
        A go_a FromA;
        B go_b FromB;
        C go_c FromC;
        D go_d FromD;
        E go_e FromE;
        F go_f FromF;
    }
    undos {
        undo_a_a A FromA;
        undo_a_b B FromA;
        undo_a_c C FromA;
        undo_a_d D FromA;
        undo_a_e E FromA;
        undo_a_f F FromA;
        undo_a_done Done FromA;
        undo_c_a A FromC;
        undo_c_b B FromC;
        undo_c_c C FromC;
        undo_c_d D FromC;
        undo_c_e E FromC;
        undo_c_f F FromC;
        undo_c_done Done FromC;
        undo_d_a A FromD;
        undo_d_b B FromD;
        undo_d_c C FromD;
        undo_d_d D FromD;
        undo_d_e E FromD;
        undo_d_f F FromD;
        undo_d_done Done FromD;
        undo_f_a A FromF;
        undo_f_b B FromF;
        undo_f_c C FromF;
        undo_f_d D FromF;
        undo_f_e E FromF;
        undo_f_f F FromF;
        undo_f_done Done FromF;
    }
}

fn start(state: usize) -> AnyWalk {
    let visit = 0;
    match state {
        0 => Walk::start(A { visit }).into(),
        1 => Walk::start(B { visit }).into(),
        2 => Walk::start(C { visit }).into(),
        3 => Walk::start(D { visit }).into(),
        4 => Walk::start(E { visit }).into(),
        _ => Walk::start(F { visit }).into(),
    }
}

fn check(case: &Case) -> Result<(), TestCaseError> {
    let walker = Walker {
        case: case.clone(),
        token: CancellationToken::new(),
        log: Mutex::default(),
    };
    let executor = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("tokio starts");
    let run = start(case.start)
        .run(&walker)
        .cancelled_by(walker.token.clone());
    let outcome = executor.block_on(run);
    let log = walker.log.into_inner().expect("panics are outside");
    let (end, undone) = model(case);
    prop_assert_eq!(&log.undone, &undone);
    // An undo that fails once is tried again if it has a retry, and nothing else is done twice.
    let retried = |entry: &Undone| entry.0 == 2;
    let mut lost = 0;
    for (position, entry) in undone.iter().enumerate() {
        let breaks = case.broken.contains(&position);
        prop_assert_eq!(log.tries[entry], 1 + usize::from(breaks && retried(entry)));
        lost += usize::from(breaks && !retried(entry));
    }
    match (end, outcome) {
        (Some(DONE), Ok(WalkEnd::Done(_))) => {}
        (Some(BAD), Ok(WalkEnd::Bad(_))) => prop_assert_eq!(lost, 0),
        (Some(BAD), Err(error)) => {
            prop_assert_eq!(error.cause(), &Cause::NotUndone);
            prop_assert_eq!(error.rollback().failed.len(), lost);
            prop_assert!(lost > 0);
        }
        (None, Err(error)) => {
            prop_assert_eq!(error.rollback().failed.len(), lost);
            prop_assert_eq!(error.rollback().undone.len(), undone.len() - lost);
        }
        (end, outcome) => prop_assert!(false, "{end:?}, but {}", outcome.is_ok()),
    }
    Ok(())
}

fn cases() -> impl Strategy<Value = Case> {
    let act = prop_oneof![
        12 => any::<usize>().prop_map(Act::Go),
        2 => Just(Act::Fail),
        1 => Just(Act::Panic),
        1 => any::<usize>().prop_map(Act::Cancel),
    ];
    let edges = proptest::collection::vec(0..8_usize, 0..4);
    (
        0..6_usize,
        proptest::collection::vec(edges, 6),
        proptest::collection::vec(act, 0..24),
        proptest::collection::vec(0..8_usize, 0..3),
    )
        .prop_map(|(start, edges, acts, broken)| Case {
            start,
            edges,
            acts,
            broken,
        })
}

#[test]
fn the_undo_calls_are_the_reverse_of_what_was_taken_and_can_be_undone() {
    let config = ProptestConfig {
        cases: 3_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let outcome = runner.run(&cases(), |case| check(&case));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
