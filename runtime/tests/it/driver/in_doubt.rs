//! A step whose last call is in doubt.

use std::panic::resume_unwind;
use std::sync::Mutex;
use std::time::Duration;

use stateway::prelude::*;
use stateway::{Key, Remote};
use tokio::time::sleep;

workflow! {
    #[derive(Clone, Debug)]
    workflow Stay {
        start Asked { guest: u32 };
        start Fresh { guest: u32 };
        state Booked { room: u32 };
        state Paid;
        state Called { by: &'static str };
        state Given;
        done Home;
        failed Sad;

        step book: Asked | Fresh -> Booked | Given
            with retry(2, every 1s), timeout(5s), breaker(bank), catch(give),
                undo(Booked => cancel, Given => take, in doubt => look);
        step pay: Booked -> Paid with undo(refund, in doubt), retry(2, every 1s);
        step give_up: Given -> Sad;
        step leave: Paid -> Home;
        signal call interrupts Booked -> Called;
        step answer: Called -> Home | Sad;
    }
}

/// The end of a call.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    Fails,
    IsRefused,
    Panics,
    Waits,
    Is(u32),
}
use Act::{Fails, Is, IsRefused, Panics, Waits};

struct Inn {
    bank: Breaker,
    acts: Vec<(&'static str, Vec<Act>)>,
    calls: Mutex<Vec<&'static str>>,
    said: Mutex<Vec<String>>,
    gives: bool,
}

impl Inn {
    fn acting(acts: &[(&'static str, &[Act])]) -> Self {
        Inn {
            bank: Breaker::new("bank").failures(5),
            acts: acts
                .iter()
                .map(|(name, acts)| (*name, acts.to_vec()))
                .collect(),
            calls: Mutex::default(),
            said: Mutex::default(),
            gives: false,
        }
    }

    async fn act(&self, name: &'static str) -> Result<u32, bool> {
        let made = {
            let mut calls = self.calls.lock().expect("no panic holds it");
            calls.push(name);
            calls.iter().filter(|it| **it == name).count()
        };
        let acts = self.acts.iter().find(|(named, _)| *named == name);
        let act = acts.and_then(|(_, acts)| acts.get(made - 1).or(acts.last()));
        match act.copied().unwrap_or(Is(1)) {
            Is(value) => Ok(value),
            Fails => Err(true),
            IsRefused => Err(false),
            Panics => resume_unwind(Box::new("as the test says")),
            Waits => std::future::pending().await,
        }
    }

    fn say(&self, what: String) {
        self.said.lock().expect("no panic holds it").push(what);
    }

    fn said(&self) -> Vec<String> {
        self.said.lock().expect("no panic holds it").clone()
    }

    async fn run(&self) -> Result<StayEnd, RunError<bool>> {
        Stay::start(Asked { guest: 3 }).run(self).await
    }
}

/// The end of a key, behind the workflow and the run.
fn end(key: &Key) -> String {
    let key = key.to_string();
    key.splitn(3, '/').nth(2).unwrap_or_default().to_owned()
}

impl StaySteps for Inn {
    type Error = bool;

    fn retryable(&self, error: &bool) -> bool {
        *error
    }

    fn bank(&self) -> &Breaker {
        &self.bank
    }

    async fn book(&self, _: BookFrom, step: &Step<Book>) -> Result<Book, bool> {
        let room = self.act("book").await?;
        Ok(step.to(Booked { room }))
    }

    async fn give(&self, _: BookFrom, cause: Cause<bool>, step: &Step<Book>) -> Result<Book, bool> {
        if self.gives {
            return Ok(step.to(Given));
        }
        Err(matches!(cause, Cause::Handler(true)))
    }

    async fn cancel(&self, booked: Booked, _: &Undo<Book>) -> Result<(), bool> {
        self.say(format!("cancel {}", booked.room));
        Ok(())
    }

    async fn take(&self, _: Given, _: &Undo<Book>) -> Result<(), bool> {
        self.say("take".to_owned());
        Ok(())
    }

    async fn look(&self, from: BookFrom, undo: &Undo<Book>) -> Result<(), bool> {
        let guest = match from {
            BookFrom::Asked(asked) => asked.guest,
            BookFrom::Fresh(fresh) => 100 + fresh.guest,
        };
        self.say(format!(
            "look for {guest}, {} of {}",
            end(&undo.key()),
            end(&undo.done())
        ));
        self.act("look").await.map(drop)
    }

    async fn pay(&self, _: Booked, step: &Step<Pay>) -> Result<Pay, bool> {
        self.act("pay").await?;
        Ok(step.to(Paid))
    }

    async fn refund(&self, undoing: Undoing<Booked, Paid>, undo: &Undo<Pay>) -> Result<(), bool> {
        self.say(match undoing {
            Undoing::Done(Paid) => format!("refund, {}", end(&undo.key())),
            Undoing::InDoubt(booked) => format!("ask of {}, {}", booked.room, end(&undo.key())),
        });
        Ok(())
    }

    async fn give_up(&self, _: Given, step: &Step<GiveUp>) -> Result<GiveUp, bool> {
        Ok(step.to(Sad))
    }

    async fn leave(&self, _: Paid, step: &Step<Leave>) -> Result<Leave, bool> {
        self.act("leave").await?;
        Ok(step.to(Home))
    }

    async fn call(&self, _: Booked, step: &Step<OnCall>) -> Result<OnCall, bool> {
        self.act("call").await?;
        Ok(step.to(Called { by: "phone" }))
    }

    async fn answer(&self, called: Called, step: &Step<Answer>) -> Result<Answer, bool> {
        assert_eq!(called.by, "phone");
        Ok(match self.act("answer").await? {
            0 => step.to(Sad),
            _ => step.to(Home),
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_may_have_had_its_effect_is_undone_in_doubt() {
    let causes: [&[Act]; 5] = [
        &[Fails],
        &[Panics],
        &[Waits],
        &[Fails, Waits],
        &[Waits, Panics],
    ];
    for acts in causes {
        let inn = Inn::acting(&[("book", acts)]);
        let error = inn.run().await.expect_err("it fails twice");
        assert_eq!(
            inn.said(),
            ["look for 3, 1/doubt/book/undo of 1"],
            "{acts:?}"
        );
        let entry = &error.rollback().undone[0];
        assert_eq!(
            (entry.transition, entry.state, entry.handler, entry.in_doubt),
            ("book", "Asked", "look", true)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_another_attempt_would_give_again_says_that_nothing_was_done() {
    for acts in [&[IsRefused][..], &[Fails, IsRefused], &[Panics, IsRefused]] {
        let inn = Inn::acting(&[("book", acts)]);
        inn.run().await.expect_err("it is refused");
        assert_eq!(inn.said(), [""; 0], "{acts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_was_never_called_is_not_in_doubt() {
    let inn = Inn::acting(&[]);
    for _ in 0..5 {
        inn.bank.acquire().expect("it is closed").failure();
    }
    let token = CancellationToken::new();
    let run = Stay::start(Asked { guest: 3 })
        .run(&inn)
        .cancelled_by(token.clone());
    let stops = async {
        sleep(Duration::from_millis(500)).await;
        token.cancel();
    };
    let (ended, ()) = tokio::join!(run, stops);
    let error = ended.expect_err("the breaker was open, and then it was cancelled");
    assert_eq!(error.attempts(), 0);
    assert_eq!(inn.said(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_was_done_is_undone_as_done_and_what_comes_behind_it_before() {
    let inn = Inn::acting(&[("book", &[Is(8)]), ("pay", &[Fails])]);
    inn.run().await.expect_err("it fails");
    assert_eq!(inn.said(), ["ask of 8, 2/doubt/pay/undo", "cancel 8"]);
    let inn = Inn::acting(&[("book", &[Is(8)]), ("leave", &[Fails])]);
    inn.run().await.expect_err("it fails");
    assert_eq!(inn.said(), ["refund, 2/undo", "cancel 8"]);
}

#[tokio::test(start_paused = true)]
async fn the_step_may_leave_one_of_several_states() {
    let inn = Inn::acting(&[("book", &[Fails])]);
    let error = Stay::start(Fresh { guest: 4 })
        .run(&inn)
        .await
        .expect_err("it fails");
    assert_eq!(inn.said(), ["look for 104, 1/doubt/book/undo of 1"]);
    assert_eq!(error.rollback().undone[0].state, "Fresh");
}

#[tokio::test(start_paused = true)]
async fn a_catch_that_leads_on_leaves_no_doubt() {
    let mut inn = Inn::acting(&[("book", &[Fails])]);
    inn.gives = true;
    let end = inn.run().await.expect("it is caught");
    assert!(matches!(end, StayEnd::Sad(_)));
    assert_eq!(inn.said(), ["take"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_between_two_attempts_is_in_doubt() {
    let token = CancellationToken::new();
    let inn = Inn::acting(&[("book", &[Fails])]);
    let run = Stay::start(Asked { guest: 3 })
        .run(&inn)
        .cancelled_by(token.clone());
    let stops = async {
        sleep(Duration::from_millis(500)).await;
        token.cancel();
    };
    let (ended, ()) = tokio::join!(run, stops);
    ended.expect_err("it was cancelled");
    assert_eq!(inn.said(), ["look for 3, 1/doubt/book/undo of 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_termination_leaves_the_doubt_and_says_so() {
    let token = CancellationToken::new();
    let inn = Inn::acting(&[("pay", &[Waits])]);
    let run = Stay::start(Asked { guest: 3 })
        .run(&inn)
        .terminated_by(token.clone());
    let stops = async {
        sleep(Duration::from_millis(500)).await;
        token.cancel();
    };
    let (ended, ()) = tokio::join!(run, stops);
    let error = ended.expect_err("it was terminated");
    assert_eq!(inn.said(), [""; 0]);
    assert_eq!(
        error.rollback().to_string(),
        "left as it is: `pay, in doubt`, `book`"
    );
    assert!(error.rollback().skipped[0].in_doubt);
}

async fn interrupted(inn: &Inn) -> Result<StayEnd, RunError<bool>> {
    let mut run = Stay::start(Asked { guest: 3 }).run(inn);
    let remote: Remote<Stay> = run.remote();
    let calls = async {
        sleep(Duration::from_millis(500)).await;
        remote.call().await.expect("it is heard");
    };
    let (ended, ()) = tokio::join!(run, calls);
    ended
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_signal_interrupts_is_in_doubt_if_the_run_fails_later() {
    let inn = Inn::acting(&[("pay", &[Waits]), ("answer", &[Is(0)])]);
    let end = interrupted(&inn).await.expect("a `failed` state is an end");
    assert!(matches!(end, StayEnd::Sad(_)));
    assert_eq!(inn.said(), ["ask of 1, 2/doubt/pay/undo", "cancel 1"]);
    let inn = Inn::acting(&[("pay", &[Waits]), ("call", &[Fails])]);
    interrupted(&inn)
        .await
        .expect_err("the handler of the signal fails");
    assert_eq!(inn.said(), ["ask of 1, 2/doubt/pay/undo", "cancel 1"]);
    let inn = Inn::acting(&[("pay", &[Waits])]);
    let end = interrupted(&inn).await.expect("it ends well");
    assert!(matches!(end, StayEnd::Home(_)));
    assert_eq!(inn.said(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_undo_in_doubt_that_fails_is_reported_with_the_state_that_the_step_leaves() {
    let inn = Inn::acting(&[("book", &[Fails]), ("look", &[Fails])]);
    let error = inn.run().await.expect_err("it fails");
    let mut rollback = error.into_rollback();
    let failed = rollback.failed.remove(0);
    assert!(failed.entry.in_doubt);
    match failed.into_state::<BookFrom>() {
        Some(BookFrom::Asked(asked)) => assert_eq!(asked.guest, 3),
        _ => panic!("it is the state that the step leaves"),
    }
}
