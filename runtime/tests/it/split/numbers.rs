//! Splits whose numbers a state or the input says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stateway::prelude::*;
use stateway::{PolicyValue, Strategy};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    workflow Ask {
        input { window: u16, patience: Duration, tries: usize }

        start  Listed { people: Vec<u64>, least: usize };
        state  Polled { votes: u32, limit: Duration };
        done   Decided { agreed: usize };
        failed Refused;

        split poll: Listed -> Polled | Refused with retry(3, every 1s) {
            each person in people: u64 => u64, at most input.window with retry(input.tries, every 1s);
            join settled(min least) within input.patience;
        }
        split vote: Polled -> Decided | Refused with catch(late) {
            branch first: u32 with timeout(limit);
            branch second: u32 with timeout(limit), spawn;
            branch third: u32;
            join quorum(votes);
        }
    }
}

/// People who take as many seconds as their number says; the hundredth never agrees.
#[derive(Default)]
struct Street {
    asked: AtomicUsize,
    side_by_side: AtomicUsize,
    most: AtomicUsize,
    calls: AtomicUsize,
    votes: u32,
    limit: Duration,
}

impl AskSteps for Street {
    type Error = String;

    async fn person(&self, _: &Listed, person: &u64, _: &Branch<Poll>) -> Result<u64, String> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let now = self.side_by_side.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(now, Ordering::Relaxed);
        sleep(SECOND * (*person % 100).try_into().unwrap()).await;
        self.side_by_side.fetch_sub(1, Ordering::Relaxed);
        if *person == 100 {
            return Err("no".into());
        }
        Ok(*person)
    }

    async fn poll(
        &self,
        _: Listed,
        _: PollJoined<String>,
        step: &Step<Poll>,
    ) -> Result<Poll, String> {
        let (votes, limit) = (self.votes, self.limit);
        Ok(step.to(Polled { votes, limit }))
    }

    async fn first(&self, _: &Polled, _: &Branch<Vote>) -> Result<u32, String> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        sleep(SECOND * 2).await;
        Ok(1)
    }

    async fn second(&self, _: &Polled, _: &Branch<Vote>) -> Result<u32, String> {
        sleep(SECOND * 4).await;
        Ok(2)
    }

    async fn third(&self, _: &Polled, _: &Branch<Vote>) -> Result<u32, String> {
        Ok(3)
    }

    async fn vote(
        &self,
        _: Polled,
        joined: VoteJoined<String>,
        step: &Step<Vote>,
    ) -> Result<Vote, String> {
        let done = [
            joined.first.is_done(),
            joined.second.is_done(),
            joined.third.is_done(),
        ];
        let agreed = done.into_iter().filter(|it| *it).count();
        Ok(step.to(Decided { agreed }))
    }

    async fn late(
        &self,
        _: Polled,
        cause: Cause<String>,
        step: &Step<Vote>,
    ) -> Result<Vote, String> {
        let is_refused = matches!(cause, Cause::Policy(_));
        assert!(is_refused, "{cause}");
        Ok(step.to(Refused))
    }
}

fn ask(people: &[u64], input: AskInput, least: usize) -> Ask<Listed> {
    let people = people.to_vec();
    Ask::start(input, Listed { people, least })
}

fn input(window: u16) -> AskInput {
    AskInput {
        window,
        patience: SECOND * 30,
        tries: 1,
    }
}

fn street(votes: u32, limit: Duration) -> Arc<Street> {
    Arc::new(Street {
        votes,
        limit,
        ..Street::default()
    })
}

#[tokio::test(start_paused = true)]
async fn as_many_branches_are_under_way_as_a_field_of_the_input_says() {
    for window in [1, 2, 3, 200] {
        let street = street(1, SECOND);
        let ask = ask(&[1, 1, 1, 1], input(window), 1);
        assert!(ask.run(&street).await.is_ok());
        let most = street.most.load(Ordering::Relaxed);
        assert_eq!(most, usize::from(window.min(4)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_join_needs_as_many_branches_and_waits_as_long_as_fields_say() {
    let street = street(1, SECOND);
    let begun = Instant::now();
    let error = ask(&[1, 100, 99], input(9), 2).run(&street).await;
    let error = error.expect_err("two do not agree in time");
    let Cause::Join(join) = error.cause() else {
        panic!("{error}");
    };
    assert_eq!((join.needed, join.within), (2, Some(SECOND * 30)));
    assert_eq!(join.strategy, Strategy::Settled(2));
    // Three attempts of 30 seconds, and a second between two.
    assert_eq!(begun.elapsed().as_secs(), 92);

    let ended = ask(&[1, 100, 99], input(9), 1).run(&street).await;
    assert!(ended.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_quorum_is_joined_as_soon_as_the_field_says() {
    for (votes, seconds) in [(1, 0), (2, 2), (3, 4)] {
        let street = street(votes, SECOND * 9);
        let begun = Instant::now();
        let ended = ask(&[], input(1), 0).poll(|_| Polled {
            votes,
            limit: SECOND * 9,
        });
        let ended = ended.run(&street).await;
        let agreed = usize::try_from(votes).unwrap();
        assert_eq!(ended.unwrap(), AskEnd::Decided(Decided { agreed }));
        assert_eq!(begun.elapsed().as_secs(), seconds);
    }
}

#[tokio::test(start_paused = true)]
async fn a_branch_is_called_as_often_and_as_long_as_fields_say() {
    let mut often = input(9);
    often.tries = 4;
    let street = street(2, SECOND * 3);
    let ended = ask(&[100, 1], often, 1).run(&street).await;
    // `second` takes longer than the limit, also on a task of its own.
    assert_eq!(ended.unwrap(), AskEnd::Decided(Decided { agreed: 2 }));
    assert_eq!(street.asked.load(Ordering::Relaxed), 5);
}

#[tokio::test(start_paused = true)]
async fn a_number_of_a_join_that_cannot_be_is_refused_before_a_branch_begins() {
    let cases = [
        (
            input(0),
            1,
            "at most",
            "input.window",
            PolicyValue::Number(0),
        ),
        (input(1), 0, "settled", "least", PolicyValue::Number(0)),
        (
            AskInput {
                patience: Duration::ZERO,
                ..input(1)
            },
            1,
            "within",
            "input.patience",
            PolicyValue::Time(Duration::ZERO),
        ),
    ];
    for (input, least, clause, field, value) in cases {
        let street = street(1, SECOND);
        let begun = Instant::now();
        let error = ask(&[1], input, least).run(&street).await;
        let error = error.expect_err("it is refused");
        let Cause::Policy(refused) = error.cause() else {
            panic!("{error}");
        };
        assert_eq!((refused.clause, refused.of), (clause, "poll"));
        assert_eq!((refused.field, refused.value), (field, value));
        // The same would be read again: its `retry` has no say.
        assert_eq!(error.attempts(), 1);
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert_eq!(street.asked.load(Ordering::Relaxed), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_quorum_above_the_branches_is_refused_and_caught() {
    let street = street(4, SECOND);
    let ended = ask(&[1], input(1), 1).run(&street).await;
    assert_eq!(ended.unwrap(), AskEnd::Refused(Refused));
    assert_eq!(street.calls.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_branch_whose_value_is_refused_has_failed_without_a_call() {
    let mut never = input(9);
    never.tries = 0;
    let street = street(1, SECOND);
    let error = ask(&[1], never, 1).run(&street).await;
    let error = error.expect_err("no branch can begin");
    let Cause::Join(join) = error.cause() else {
        panic!("{error}");
    };
    assert_eq!(
        join.failures[0].to_string(),
        "branch `person[0]` could not begin: `retry` of `person` reads `input.tries`, which is 0: \
         it must be from 1 to 4294967295"
    );
    assert_eq!(street.asked.load(Ordering::Relaxed), 0);
    // Each branch would fail so again: the split is not tried again.
    assert_eq!(error.attempts(), 1);
}

#[test]
fn the_diagrams_name_the_fields() {
    let mermaid = Ask::GRAPH.mermaid().to_string();
    let poll = "poll of each person in people at most input.window with retry(input.tries, every 1s), \
                join settled(min least) within input.patience";
    assert!(mermaid.contains(poll), "{mermaid}");
    let dot = Ask::GRAPH.dot().to_string();
    let vote = "vote of first with timeout(limit), second with timeout(limit), spawn, third; join quorum(votes)";
    assert!(dot.contains(vote), "{dot}");
}

mod guarded {
    use super::*;
    use stateway::BreakerState;

    workflow! {
        #[derive(Debug, PartialEq)]
        workflow Vouch {
            start Asked { votes: u32 };
            done Vouched;

            split vouch as Vouching: Asked -> Vouched with breaker(line) {
                branch one: u32;
                branch other: u32;
                join quorum(votes);
            }
        }
    }

    impl VouchSteps for Breaker {
        type Error = String;

        async fn one(&self, _: &Asked, _: &Branch<Vouching>) -> Result<u32, String> {
            Ok(1)
        }

        async fn other(&self, _: &Asked, _: &Branch<Vouching>) -> Result<u32, String> {
            Ok(2)
        }

        async fn vouch(
            &self,
            _: Asked,
            _: VouchingJoined<String>,
            step: &Step<Vouching>,
        ) -> Result<Vouching, String> {
            Ok(step.to(Vouched))
        }

        fn line(&self) -> &Breaker {
            self
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_quorum_is_neither_a_failure_nor_a_success_to_a_breaker() {
        let line = Breaker::new("line").failures(1).cool_down(SECOND);
        let refused = async || {
            let error = Vouch::start(Asked { votes: 3 }).run(&line).await;
            let error = error.expect_err("it asks for three of two");
            assert!(matches!(error.cause(), Cause::Policy(_)), "{error}");
        };
        refused().await;
        assert!(matches!(line.state(), BreakerState::Closed));
        line.acquire().expect("it is closed").failure();
        sleep(SECOND).await;
        refused().await;
        assert!(matches!(line.state(), BreakerState::HalfOpen));
        let vouched = Vouch::start(Asked { votes: 2 }).run(&line).await;
        assert_eq!(vouched.expect("both vouch"), VouchEnd::Vouched(Vouched));
        assert!(matches!(line.state(), BreakerState::Closed));
    }
}
