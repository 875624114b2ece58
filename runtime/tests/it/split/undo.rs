//! Branches that are undone.

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::prelude::*;
use tokio::time::sleep;

workflow! {
    #[derive(Clone, Debug)]
    workflow Trade {
        input { gifts: Vec<&'static str> }

        start Asked { cart: u32 };
        state Reserved;
        state Wrapped { sheets: Vec<Slip> };
        done Sent;
        failed Lost;

        split reserve: Asked -> Reserved {
            branch stock: Slip with undo(restock, retry(2, every 1s));
            branch card: Slip with undo(refund), timeout(10s);
            branch fraud: bool;
            join quorum(3);
        }
        step label: Reserved -> Reserved | Wrapping with undo(Reserved => peel, Wrapping => peel_all);
        state Wrapping { papers: Vec<&'static str> };
        split wrap: Wrapping -> Wrapped {
            each paper in papers: &'static str => Slip, at most 2 with spawn, undo(unwrap);
            join all;
        }
        split gild: Wrapped -> Sent | Lost {
            each gift in input.gifts: &'static str => Slip with undo(scrape);
            join settled;
        }
    }
}

/// The output of a branch: it panics when it is copied if it says so.
#[derive(Debug, PartialEq)]
struct Slip(String);

impl Clone for Slip {
    fn clone(&self) -> Self {
        if self.0 == "cursed" {
            resume_unwind(Box::new("it cannot be copied"));
        }
        Slip(self.0.clone())
    }
}

#[derive(Default)]
struct Yard {
    /// The name of what fails, and how: `fails` or `panics`, or `waits` for ever.
    acts: Vec<(&'static str, &'static str)>,
    said: Mutex<Vec<String>>,
    cursed: &'static str,
    token: Option<CancellationToken>,
}

impl Yard {
    fn acting(acts: &[(&'static str, &'static str)]) -> Arc<Self> {
        Arc::new(Yard {
            acts: acts.to_vec(),
            ..Yard::default()
        })
    }

    fn say(&self, what: String) {
        self.said.lock().expect("no panic holds it").push(what);
    }

    fn said(&self) -> Vec<String> {
        std::mem::take(&mut self.said.lock().expect("no panic holds it"))
    }

    async fn act(&self, name: &str, after: u64) -> Result<(), String> {
        sleep(Duration::from_millis(after)).await;
        let act = self.acts.iter().find(|(named, _)| *named == name);
        match act.map(|(_, act)| *act) {
            Some("fails") => Err(format!("{name} fails")),
            Some("panics") => resume_unwind(Box::new("as the test says")),
            Some("waits") => std::future::pending().await,
            _ => Ok(()),
        }
    }

    fn slip(&self, name: &str) -> Slip {
        Slip(if self.cursed == name { "cursed" } else { name }.to_owned())
    }

    async fn run(self: &Arc<Self>) -> Result<TradeEnd, RunError<String>> {
        let gifts = vec!["ring", "watch"];
        let token = self.token.clone().unwrap_or_default();
        let machine = Trade::start(TradeInput { gifts }, Asked { cart: 7 });
        machine.run(self).terminated_by(token).await
    }
}

impl TradeSteps for Yard {
    type Error = String;

    async fn stock(&self, asked: &Asked, _: &Branch<Reserve>) -> Result<Slip, String> {
        self.act("stock", 30).await?;
        Ok(self.slip(&format!("stock of {}", asked.cart)))
    }

    async fn restock(&self, asked: &Asked, slip: Slip, undo: &Undo<Reserve>) -> Result<(), String> {
        self.say(format!("restock {}, {}", asked.cart, slip.0));
        if undo.attempt() == 1 {
            self.act("restock", 0).await?;
        }
        Ok(())
    }

    async fn card(&self, _: &Asked, _: &Branch<Reserve>) -> Result<Slip, String> {
        self.act("card", 20).await?;
        Ok(self.slip("card"))
    }

    async fn refund(&self, _: &Asked, slip: Slip, _: &Undo<Reserve>) -> Result<(), String> {
        self.say(format!("refund {}", slip.0));
        self.act("refund", 0).await
    }

    async fn fraud(&self, _: &Asked, _: &Branch<Reserve>) -> Result<bool, String> {
        self.act("fraud", 40).await?;
        Ok(false)
    }

    async fn reserve(
        &self,
        _: Asked,
        _: ReserveJoined<String>,
        step: &Step<Reserve>,
    ) -> Result<Reserve, String> {
        self.act("reserve", 0).await?;
        Ok(step.to(Reserved))
    }

    async fn label(&self, _: Reserved, step: &Step<Label>) -> Result<Label, String> {
        self.act("label", 0).await?;
        let papers = vec!["red", "green", "blue"];
        Ok(step.to(Wrapping { papers }))
    }

    async fn peel(&self, _: Reserved, _: &Undo<Label>) -> Result<(), String> {
        self.say("peel".to_owned());
        Ok(())
    }

    async fn peel_all(&self, _: Wrapping, _: &Undo<Label>) -> Result<(), String> {
        self.say("peel all".to_owned());
        Ok(())
    }

    async fn paper(
        &self,
        _: &Wrapping,
        paper: &&'static str,
        branch: &Branch<Wrap>,
    ) -> Result<Slip, String> {
        // Two at a time: the second one is done first, and the third begins then.
        let after = 50 - 10 * branch.index() as u64;
        self.act(paper, after).await?;
        Ok(self.slip(paper))
    }

    async fn unwrap(
        &self,
        wrapping: &Wrapping,
        paper: &&'static str,
        slip: Slip,
        undo: &Undo<Wrap>,
    ) -> Result<(), String> {
        assert_eq!((*paper, wrapping.papers.len()), (&*slip.0, 3));
        let key = |key: stateway::Key| {
            let key = key.to_string();
            key.splitn(3, '/').nth(2).unwrap_or_default().to_owned()
        };
        self.say(format!(
            "unwrap {paper} by {} of {}",
            key(undo.key()),
            key(undo.done())
        ));
        Ok(())
    }

    async fn wrap(
        &self,
        _: Wrapping,
        sheets: WrapJoined,
        step: &Step<Wrap>,
    ) -> Result<Wrap, String> {
        self.act("wrap", 0).await?;
        Ok(step.to(Wrapped { sheets }))
    }

    async fn gift(
        &self,
        _: &Wrapped,
        gift: &&'static str,
        _: &Branch<Gild>,
    ) -> Result<Slip, String> {
        self.act(gift, 10).await?;
        Ok(self.slip(gift))
    }

    async fn scrape(
        &self,
        wrapped: &Wrapped,
        gift: &&'static str,
        slip: Slip,
        _: &Undo<Gild>,
    ) -> Result<(), String> {
        assert_eq!(*gift, slip.0);
        self.say(format!("scrape {gift} of {}", wrapped.sheets.len()));
        Ok(())
    }

    async fn gild(
        &self,
        _: Wrapped,
        _: GildJoined<String>,
        step: &Step<Gild>,
    ) -> Result<Gild, String> {
        self.act("gild", 0).await?;
        let lost = self.acts.contains(&("gift", "lost"));
        Ok(if lost { step.to(Lost) } else { step.to(Sent) })
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_undone_of_a_run_that_ends_well() {
    let yard = Yard::acting(&[]);
    let end = yard.run().await.expect("nothing fails");
    assert!(matches!(end, TradeEnd::Sent(_)));
    assert!(yard.said().is_empty());
}

#[tokio::test(start_paused = true)]
async fn branches_that_were_done_are_undone_when_the_others_cannot_be_joined_the_last_first() {
    let yard = Yard::acting(&[("fraud", "fails")]);
    let error = yard.run().await.expect_err("one branch fails");
    assert_eq!(yard.said(), ["restock 7, stock of 7", "refund card"]);
    let rollback = error.rollback();
    assert!(rollback.is_complete(), "{rollback}");
    assert_eq!(rollback.to_string(), "undone: `stock`, `card`");
    let first = &rollback.undone[0];
    assert_eq!(
        (first.transition, first.state, first.handler, first.in_doubt),
        ("reserve", "Asked", "restock", false)
    );
    assert_eq!(
        first.branch.map(|it| it.to_string()).as_deref(),
        Some("stock")
    );
}

#[tokio::test(start_paused = true)]
async fn a_branch_that_was_not_done_is_not_undone() {
    let yard = Yard::acting(&[("card", "panics"), ("stock", "waits")]);
    yard.run()
        .await
        .expect_err("one branch panics, so that all cannot succeed");
    assert_eq!(yard.said(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn branches_are_undone_where_the_handler_that_joins_them_fails() {
    for act in ["fails", "panics"] {
        let yard = Yard::acting(&[("reserve", act)]);
        yard.run().await.expect_err("the join fails");
        assert_eq!(yard.said(), ["restock 7, stock of 7", "refund card"]);
    }
}

#[tokio::test(start_paused = true)]
async fn branches_are_undone_in_turn_with_what_comes_behind_them() {
    let yard = Yard::acting(&[("wrap", "fails")]);
    let error = yard.run().await.expect_err("the join fails");
    assert_eq!(
        yard.said(),
        [
            "unwrap blue by 3/branch/paper/2/undo of 3/branch/paper/2",
            "unwrap red by 3/branch/paper/0/undo of 3/branch/paper/0",
            "unwrap green by 3/branch/paper/1/undo of 3/branch/paper/1",
            "peel all",
            "restock 7, stock of 7",
            "refund card"
        ]
    );
    assert_eq!(
        error.rollback().to_string(),
        "undone: `paper[2]`, `paper[0]`, `paper[1]`, `label`, `stock`, `card`"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_state_undoes_the_branches_of_the_split_that_leads_there() {
    let yard = Yard::acting(&[("gift", "lost"), ("ring", "fails")]);
    let end = yard.run().await.expect("a `failed` state is an end");
    assert!(matches!(end, TradeEnd::Lost(_)));
    let said = yard.said();
    assert_eq!(
        said[0], "scrape watch of 3",
        "and the one that failed is not"
    );
    assert_eq!(said.len(), 7);
}

#[tokio::test(start_paused = true)]
async fn an_undo_of_a_branch_is_tried_again_and_reported_if_it_fails() {
    let yard = Yard::acting(&[
        ("fraud", "fails"),
        ("restock", "fails"),
        ("refund", "fails"),
    ]);
    let error = yard.run().await.expect_err("one branch fails");
    assert_eq!(
        yard.said(),
        [
            "restock 7, stock of 7",
            "restock 7, stock of 7",
            "refund card"
        ]
    );
    let text = error.rollback().failed[0].to_string();
    assert_eq!(
        text,
        "undo `refund` of branch `card` of `reserve` failed: refund fails"
    );
    let mut rollback = error.into_rollback();
    let output = rollback.failed.remove(0).into_state::<Slip>();
    assert_eq!(
        output,
        Some(Slip("card".into())),
        "its output is what is left to do"
    );
}

#[tokio::test(start_paused = true)]
async fn a_branch_whose_output_panics_when_it_is_copied_has_failed_and_is_undone() {
    let yard = Arc::new(Yard {
        cursed: "card",
        ..Yard::default()
    });
    let error = yard.run().await.expect_err("the branch fails");
    assert_eq!(yard.said(), [""; 0], "no call could be given a copy");
    let failed = &error.rollback().failed[0];
    assert_eq!(failed.entry.handler, "refund", "and somebody is told");
    assert!(matches!(failed.cause, Cause::Panic(_)));
}

#[tokio::test(start_paused = true)]
async fn a_termination_leaves_them_and_says_so() {
    let token = CancellationToken::new();
    let yard = Arc::new(Yard {
        acts: vec![("label", "waits")],
        token: Some(token.clone()),
        ..Yard::default()
    });
    let stops = async {
        sleep(Duration::from_secs(1)).await;
        token.cancel();
    };
    let (ended, ()) = tokio::join!(yard.run(), stops);
    let error = ended.expect_err("it was terminated");
    assert_eq!(
        error.rollback().to_string(),
        "left as it is: `stock`, `card`"
    );
    assert_eq!(yard.said(), [""; 0]);
}
