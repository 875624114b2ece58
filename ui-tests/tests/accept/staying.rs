//! Polls, transitions that stay and answers, with every clause, in memory, by hand and stored.

use std::time::Duration;

use stateway::prelude::*;
use stateway::runner::Run;
use stateway::{NotApplied, Remote, RunGone};

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct TooMany {
    most: usize,
}

workflow! {
    #[durable(version = 1)]
    #[derive(Debug, Clone)]
    workflow Basket {
        start Open { items: Vec<String>, until: std::time::SystemTime, patience: Duration };
        state Ordered { items: usize };
        done Sent { number: u64 };
        failed Lost;

        /// Puts something in.
        signal add(String) answers Result<usize, TooMany>: Open with retry(3), timeout(2s), catch(not_added);
        signal clear: Open with breaker(stock);
        signal order answers u64: Open -> Ordered | Lost with undo(Ordered => cancel), retry(2);
        timer remind every 1d: Open;
        timer nudge after patience: Open with limit(mails);
        timer warn at until: Open;
        poll sent every 5s..5m: Ordered -> Sent | Lost with retry(2), deadline(1m), catch(unreachable);
        poll stale every 1h: Open -> Lost;
    }
}

struct Shop(Breaker, Limiter);

impl BasketSteps for Shop {
    type Error = String;

    async fn add(&self, open: &mut Open, item: String, _: &Step<OnAdd>) -> Result<Result<usize, TooMany>, String> {
        if open.items.len() > 9 {
            return Ok(Err(TooMany { most: 10 }));
        }
        open.items.push(item);
        Ok(Ok(open.items.len()))
    }

    async fn not_added(&self, open: &mut Open, _: Cause<String>, _: &Step<OnAdd>) -> Result<Result<usize, TooMany>, String> {
        Ok(Ok(open.items.len()))
    }

    async fn clear(&self, open: &mut Open, _: &Step<OnClear>) -> Result<(), String> {
        open.items.clear();
        Ok(())
    }

    async fn order(&self, open: Open, step: &Step<OnOrder>) -> Result<Answered<OnOrder, u64>, String> {
        Ok(step.to(Ordered { items: open.items.len() }).answer(7))
    }

    async fn cancel(&self, _: Ordered, _: &Undo<OnOrder>) -> Result<(), String> {
        Ok(())
    }

    async fn remind(&self, open: &mut Open, step: &Step<OnRemind>) -> Result<(), String> {
        let _ = (open, step.key());
        Ok(())
    }

    async fn nudge(&self, _: &mut Open, _: &Step<OnNudge>) -> Result<(), String> {
        Ok(())
    }

    async fn warn(&self, open: &mut Open, _: &Step<OnWarn>) -> Result<(), String> {
        open.until += open.patience;
        Ok(())
    }

    async fn sent(&self, ordered: &Ordered, step: &Step<OnSent>) -> Result<Option<OnSent>, String> {
        Ok((ordered.items > 0).then(|| step.to(Sent { number: 1 })))
    }

    async fn unreachable(&self, _: &Ordered, _: Cause<String>, _: &Step<OnSent>) -> Result<Option<OnSent>, String> {
        Ok(None)
    }

    async fn stale(&self, open: &Open, step: &Step<OnStale>) -> Result<Option<OnStale>, String> {
        Ok(open.items.is_empty().then(|| step.to(Lost)))
    }

    fn stock(&self) -> &Breaker {
        &self.0
    }

    fn mails(&self) -> &Limiter {
        &self.1
    }
}

async fn in_memory(remote: Remote<Basket>) -> Result<u64, RunGone> {
    let _: Result<usize, TooMany> = remote.add("cup".to_owned()).answered().await?;
    remote.clear().await?;
    remote.order().answered().await
}

async fn stored(run: Run<Basket>) -> Result<u64, NotApplied> {
    run.clear().await.map_err(NotApplied::NotSent)?.applied().await?;
    let sent = run.order().message_id("m-1").await.map_err(NotApplied::NotSent)?;
    match sent.applied().await? {
        OnOrder::Ordered(ordered) => assert!(ordered.items < 10),
        OnOrder::Lost(_) => {}
    }
    sent.answered().await
}

fn by_hand(open: Basket<Open>) -> Basket<Sent> {
    let (open, count) = open.add("cup".to_owned(), |open, item| {
        open.items.push(item);
        Ok(open.items.len())
    });
    assert!(count.is_ok());
    let open = open.clear(|open| open.items.clear()).remind(|_| {});
    let (ordered, _number) = open.order(|open| (Ordered { items: open.items.len() }, 7));
    ordered.sent(|_| Sent { number: 7 })
}

pub fn main() {
    let _ = (in_memory, stored, by_hand);
}
