//! The arguments of a split's handlers, and the join of their outputs.

use std::sync::Mutex;
use std::time::Duration;

use stateway::prelude::*;
use stateway::{Given, Strategy, TransitionKind};

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    workflow Loan {
        input { customer: u64 }

        start Applied { sum: u32 };
        state Assessed { score: u32, papers: Vec<&'static str> };
        done Approved { pages: usize, first: &'static str };
        failed Refused;

        split assess: Applied -> Assessed | Refused {
            branch credit: u32;
            branch fraud: Option<String>;
            join all;
        }
        split read as Reading: Assessed -> Approved {
            each paper in papers: &'static str => usize, at most 2;
            join settled(min 1) within 1m;
        }
    }
}

mod shown {
    use super::*;

    workflow! {
        pub(crate) workflow Shown {
            start Asked;
            state Named;
            done Replied;
            split ask as Asks: Asked -> Named {
                branch bank: u32 with retry(5, backoff 100ms..1m30s, factor 3, no jitter), timeout(2s), breaker(line);
                branch again: u32 with retry(2), deadline(1h), limit(quota);
                branch slow: u32 with retry(forever, every 250ms), spawn;
                branch calm: u32 with retry(forever, backoff 1s..1h, full jitter);
                join quorum(2) within 1d12h;
            }
            split name as Names: Named -> Replied {
                branch one: u32;
                branch other: u32;
                join percent(60);
            }
        }
    }
}

#[test]
fn a_diagram_shows_the_branches_of_a_split_with_their_clauses() {
    let drawn = shown::Shown::GRAPH.mermaid().to_string();
    let labels: Vec<_> = drawn.lines().filter_map(|it| it.split_once(": ")).collect();
    assert_eq!(
        labels,
        [
            (
                "    Asked --> Named",
                "ask of bank with retry(5, backoff 100ms..1m30s, factor 3, no jitter), timeout(2s), breaker(line), \
                 again with retry(2, backoff 100ms..10s), deadline(1h), limit(quota), \
                 slow with retry(forever, every 250ms), spawn, \
                 calm with retry(forever, backoff 1s..1h, full jitter), join quorum(2) within 1d12h"
            ),
            (
                "    Named --> Replied",
                "name of one, other, join percent(60)"
            ),
        ]
    );
    let drawn = Loan::GRAPH.dot().to_string();
    assert!(drawn.contains(
        "    Assessed -> Approved [label=\"read of each paper in papers at most 2; join settled(min 1) within 1m\"];\n"
    ), "{drawn}");
    assert!(
        drawn.contains("[label=\"assess of credit, fraud; join all\"]"),
        "{drawn}"
    );
}

#[derive(Default)]
struct Bank {
    keys: Mutex<Vec<String>>,
    refuses: bool,
}

impl Bank {
    fn note(&self, key: &impl ToString) {
        let key = key.to_string();
        let after_run = key.split('/').skip(2).collect::<Vec<_>>().join("/");
        self.keys.lock().expect("nobody holds it").push(after_run);
    }
}

impl LoanSteps for Bank {
    type Error = &'static str;

    async fn credit(&self, applied: &Applied, branch: &Branch<Assess>) -> Result<u32, Self::Error> {
        assert_eq!(
            (branch.name(), branch.index(), branch.attempt()),
            ("credit", 0, 1)
        );
        assert_eq!(branch.input().customer, 7);
        self.note(&branch.key());
        Ok(applied.sum / 2)
    }

    async fn fraud(
        &self,
        applied: &Applied,
        branch: &Branch<Assess>,
    ) -> Result<Option<String>, Self::Error> {
        assert_eq!((branch.name(), branch.index()), ("fraud", 1));
        self.note(&branch.key());
        Ok((applied.sum > 100).then(|| "much".to_owned()))
    }

    async fn assess(
        &self,
        applied: Applied,
        joined: AssessJoined,
        step: &Step<Assess>,
    ) -> Result<Assess, Self::Error> {
        assert_eq!(applied.sum, 10);
        self.note(&step.key());
        Ok(match joined {
            AssessJoined {
                credit,
                fraud: None,
            } if !self.refuses => step.to(Assessed {
                score: credit,
                papers: vec!["deed", "x", "will"],
            }),
            _ => step.to(Refused),
        })
    }

    async fn paper(
        &self,
        assessed: &Assessed,
        paper: &&'static str,
        branch: &Branch<Reading>,
    ) -> Result<usize, Self::Error> {
        assert_eq!(assessed.papers[branch.index()], *paper);
        self.note(&branch.key());
        if *paper == "x" {
            return Err("illegible");
        }
        Ok(paper.len())
    }

    async fn read(
        &self,
        assessed: Assessed,
        joined: ReadingJoined<Self::Error>,
        step: &Step<Reading>,
    ) -> Result<Reading, Self::Error> {
        self.note(&step.key());
        let failure = joined[1].failure().expect("`x` is illegible");
        assert_eq!(
            (failure.branch(), failure.item(), failure.attempts()),
            ("paper", Some(1), 1)
        );
        assert_eq!(failure.cause(), &Cause::Handler("illegible"));
        let pages = joined.iter().filter_map(Branched::output).sum();
        let first = assessed.papers[0];
        Ok(step.to(Approved { pages, first }))
    }
}

async fn run(bank: &Bank) -> LoanEnd {
    let loan = Loan::start(LoanInput { customer: 7 }, Applied { sum: 10 });
    loan.run(bank).await.expect("it ends")
}

#[tokio::test]
async fn outputs_are_joined_by_name_and_in_the_order_of_the_items() {
    let end = run(&Bank::default()).await;
    let approved = Approved {
        pages: 8,
        first: "deed",
    };
    assert_eq!(end, LoanEnd::Approved(approved));
}

#[tokio::test]
async fn a_join_leads_to_any_of_its_targets() {
    let bank = Bank {
        refuses: true,
        ..Bank::default()
    };
    assert_eq!(run(&bank).await, LoanEnd::Refused(Refused));
}

#[tokio::test]
async fn every_branch_and_every_item_has_a_key_of_its_own() {
    let bank = Bank::default();
    let _ = run(&bank).await;
    let keys = bank.keys.lock().expect("nobody holds it");
    assert_eq!(
        *keys,
        [
            "1/branch/credit",
            "1/branch/fraud",
            "1",
            "2/branch/paper/0",
            "2/branch/paper/1",
            "2/branch/paper/2",
            "2"
        ]
    );
}

#[test]
fn a_run_with_splits_needs_no_executor_of_its_own() {
    assert!(matches!(
        pollster::block_on(run(&Bank::default())),
        LoanEnd::Approved(_)
    ));
}

#[test]
fn by_hand_a_split_is_one_move() {
    let loan = Loan::start(LoanInput { customer: 7 }, Applied { sum: 10 });
    let loan = loan.assess(|applied| Assessed {
        score: applied.sum,
        papers: Vec::new(),
    });
    assert_eq!(loan.score, 10);
}

#[test]
fn the_graph_says_what_a_split_consists_of() {
    let [assess, read] = Loan::GRAPH.transitions else {
        panic!("there are two");
    };
    assert_eq!(assess.kind, TransitionKind::Split);
    let split = assess.split.expect("it is one");
    let names: Vec<_> = split.branches.iter().map(|branch| branch.name).collect();
    assert_eq!(names, ["credit", "fraud"]);
    assert_eq!((split.strategy, split.within), (Strategy::All, None));
    let split = read.split.expect("it is one");
    let each = split.branches[0].each.expect("it is one");
    assert_eq!(
        (each.field, each.at_most),
        ("papers", Some(Given::Written(2)))
    );
    assert_eq!(split.strategy.written(), Some(Strategy::Settled(1)));
    let within = Given::Written(Duration::from_mins(1));
    assert_eq!(split.within, Some(within));
}

#[test]
fn what_is_joined_prints_as_far_as_its_outputs_do() {
    struct Mute;

    workflow! {
        workflow Ask {
            start Asked;
            state Heard;
            done Replied;
            split ask as Asking: Asked -> Heard {
                branch loud: u32;
                branch mute: Mute;
                join settled;
            }
            split hear as Hearing: Heard -> Replied {
                branch one: &'static str;
                branch other: Mute;
                join any;
            }
        }
    }

    let joined = AskingJoined::<&str> {
        loud: Branched::Done(7),
        mute: Branched::Done(Mute),
    };
    assert_eq!(
        format!("{joined:?}"),
        "AskingJoined { loud: Done(7), mute: .. }"
    );
    assert_eq!(format!("{:?}", HearingJoined::One("yes")), "One(\"yes\")");
    assert_eq!(format!("{:?}", HearingJoined::Other(Mute)), "Other(..)");
}
