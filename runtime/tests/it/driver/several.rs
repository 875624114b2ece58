//! Steps that leave one of several states.

use std::sync::Mutex;
use std::time::Duration;

use stateway::prelude::*;
use tokio::time::{Instant, sleep};

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    workflow Payment {
        start Fresh { card: u32 };
        state Pending { card: u32, asked: u32 };
        transient state Challenged { card: u32, asked: u32 };
        state Authorized { asked: u32 };
        done Captured { asked: u32 };
        failed Refused { was: String };

        step authorize: Fresh | Pending | Challenged -> Pending | Challenged | Authorized | Refused
            with retry(3, every 1s), timeout(5s), catch(unanswered),
                undo(Pending => forget, Challenged => drop_challenge, Authorized => void);
        step capture: Authorized -> Captured | Refused;
    }
}

/// A bank that answers after `asks` questions.
#[derive(Default)]
struct Bank {
    asks: u32,
    refuses: bool,
    never_answers: bool,
    calls: Mutex<Vec<String>>,
}

impl Bank {
    fn call(&self, of: &str, attempt: u32) {
        self.calls.lock().unwrap().push(format!("{of}, {attempt}"));
    }
}

impl PaymentSteps for Bank {
    type Error = String;

    async fn authorize(
        &self,
        from: AuthorizeFrom,
        step: &Step<Authorize>,
    ) -> Result<Authorize, String> {
        let (of, card, asked) = match from {
            AuthorizeFrom::Fresh(fresh) => ("fresh", fresh.card, 0),
            AuthorizeFrom::Pending(pending) => ("pending", pending.card, pending.asked),
            AuthorizeFrom::Challenged(it) => ("challenged", it.card, it.asked),
        };
        self.call(of, step.attempt());
        if self.never_answers {
            sleep(Duration::from_mins(1)).await;
        }
        // Each state is asked twice.
        if step.attempt() == 1 {
            return Err(format!("{of}: no line"));
        }
        let asked = asked + 1;
        Ok(if asked == self.asks {
            step.to(Authorized { asked })
        } else if asked == 2 {
            step.to(Challenged { card, asked })
        } else {
            step.to(Pending { card, asked })
        })
    }

    async fn unanswered(
        &self,
        from: AuthorizeFrom,
        cause: Cause<String>,
        step: &Step<Authorize>,
    ) -> Result<Authorize, String> {
        let was = format!("{from:?}: {cause}");
        Ok(step.to(Refused { was }))
    }

    async fn forget(&self, pending: Pending, undo: &Undo<Authorize>) -> Result<(), String> {
        self.call(&format!("forget {}", pending.asked), undo.attempt());
        Ok(())
    }

    async fn drop_challenge(&self, it: Challenged, undo: &Undo<Authorize>) -> Result<(), String> {
        self.call(&format!("drop {}", it.asked), undo.attempt());
        Ok(())
    }

    async fn void(&self, authorized: Authorized, undo: &Undo<Authorize>) -> Result<(), String> {
        self.call(&format!("void {}", authorized.asked), undo.attempt());
        Ok(())
    }

    async fn capture(&self, it: Authorized, step: &Step<Capture>) -> Result<Capture, String> {
        let asked = it.asked;
        Ok(if self.refuses {
            let was = "captured".to_owned();
            step.to(Refused { was })
        } else {
            step.to(Captured { asked })
        })
    }
}

#[tokio::test(start_paused = true)]
async fn its_handler_is_given_the_state_that_the_run_is_in_and_keeps_it_over_its_attempts() {
    let bank = Bank {
        asks: 4,
        ..Bank::default()
    };
    let end = Payment::start(Fresh { card: 7 }).run(&bank).await.unwrap();
    assert_eq!(end, PaymentEnd::Captured(Captured { asked: 4 }));
    let expected = [
        "fresh, 1",
        "fresh, 2",
        "pending, 1",
        "pending, 2",
        "challenged, 1",
        "challenged, 2",
        "pending, 1",
        "pending, 2",
    ];
    assert_eq!(*bank.calls.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn its_catch_is_given_the_state_when_the_last_attempt_has_failed() {
    let bank = Bank {
        never_answers: true,
        ..Bank::default()
    };
    let begun = Instant::now();
    let end = Payment::start(Fresh { card: 7 }).run(&bank).await.unwrap();
    let PaymentEnd::Refused(Refused { was }) = end else {
        panic!("{end:?}");
    };
    assert!(was.starts_with("Fresh(Fresh { card: 7 }): "), "{was}");
    assert!(begun.elapsed() >= Duration::from_secs(17));
}

#[tokio::test(start_paused = true)]
async fn it_is_undone_with_the_state_that_it_led_to() {
    let bank = Bank {
        asks: 3,
        refuses: true,
        ..Bank::default()
    };
    let end = Payment::start(Fresh { card: 7 }).run(&bank).await.unwrap();
    assert!(matches!(end, PaymentEnd::Refused(_)));
    let calls = bank.calls.lock().unwrap();
    let undone = &calls[calls.len() - 3..];
    assert_eq!(undone, ["void 3, 1", "drop 2, 1", "forget 1, 1"]);
}

#[test]
fn by_hand_each_of_its_states_is_moved_by_the_same_method() {
    let payment = Payment::start(Fresh { card: 7 });
    let payment = payment.authorize(|fresh| Pending {
        card: fresh.card,
        asked: 1,
    });
    let payment = payment.authorize(|pending| Authorized {
        asked: pending.asked + 1,
    });
    assert_eq!(payment.asked, 2);
}

mod alone {
    //! Nothing of these states is copied, and no clause stands beside the step.

    use super::*;

    workflow! {
        workflow Letter {
            start Typed { text: String };
            start Dictated { words: Vec<String> };
            done Sent { text: String };

            step send as SendOff: Typed | Dictated -> Sent;
        }
    }

    struct Office;

    impl LetterSteps for Office {
        type Error = String;

        async fn send(&self, from: SendFrom, step: &Step<SendOff>) -> Result<SendOff, String> {
            let text = match from {
                SendFrom::Typed(typed) => typed.text,
                SendFrom::Dictated(dictated) => dictated.words.join(" "),
            };
            if text.is_empty() {
                return Err("nothing to send".to_owned());
            }
            Ok(step.to(Sent { text }))
        }
    }

    #[tokio::test]
    async fn a_step_of_several_start_states_needs_no_clause_and_no_clone() {
        let text = "dear all".to_owned();
        let LetterEnd::Sent(sent) = Letter::start(Typed { text }).run(&Office).await.unwrap();
        assert_eq!(sent.text, "dear all");
        let words = vec!["dear".to_owned(), "all".to_owned()];
        let LetterEnd::Sent(sent) = Letter::start(Dictated { words })
            .run(&Office)
            .await
            .unwrap();
        assert_eq!(sent.text, "dear all");
    }
    #[tokio::test]
    async fn a_failure_names_the_state_that_the_run_was_in() {
        let typed = Letter::start(Typed {
            text: String::new(),
        });
        let error = typed.run(&Office).await.err().expect("it is empty");
        assert_eq!((error.state(), error.transition()), ("Typed", Some("send")));

        let dictated = Letter::start(Dictated { words: Vec::new() });
        let error = dictated.run(&Office).await.err().expect("it is empty");
        assert_eq!(error.state(), "Dictated");
    }
}
