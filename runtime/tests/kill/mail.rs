//! Runs that wait, under workers that are killed: what is sent to them is applied once, and its answer is that of the history.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use stateway::RedbStore;
use stateway::prelude::*;
use stateway::store::{Event, HistoryRow, Status};
use tokio::task::JoinSet;
use tokio::time::sleep;

workflow! {
    #[durable(version = 1)]
    #[derive(Clone)]
    workflow Account {
        start Open { sum: u64, ticks: u64 };
        state Counting { sum: u64 };
        state Closing { sum: u64 };
        done Closed { sum: u64 };

        signal credit(u64) answers u64: Open with retry(3, every 5ms);
        signal close answers u64: Open -> Counting;
        timer tick every 20ms: Open;
        step count: Counting -> Closing with retry(2, every 5ms);
        signal correct(u64) answers u64 interrupts Counting -> Counting with retry(2, every 5ms);
        poll audit every 5ms..20ms: Closing -> Closed with retry(3, every 5ms);
    }
}

/// Some of its calls fail, and its audits take a few askings.
struct Bank;

impl AccountSteps for Bank {
    type Error = String;

    async fn credit(
        &self,
        open: &mut Open,
        cents: u64,
        step: &Step<OnCredit>,
    ) -> Result<u64, String> {
        open.sum += cents;
        // Not the last of its attempts.
        if step.attempt() < 3 && fastrand::u8(..10) == 0 {
            return Err("no line".into());
        }
        sleep(Duration::from_millis(fastrand::u64(0..3))).await;
        Ok(open.sum)
    }

    async fn close(
        &self,
        open: Open,
        step: &Step<OnClose>,
    ) -> Result<Answered<OnClose, u64>, String> {
        Ok(step.to(Counting { sum: open.sum }).answer(open.sum))
    }

    async fn count(&self, counting: Counting, step: &Step<Count>) -> Result<Count, String> {
        sleep(Duration::from_millis(fastrand::u64(0..10))).await;
        if step.attempt() == 1 && fastrand::u8(..3) == 0 {
            return Err("no line".into());
        }
        Ok(step.to(Closing { sum: counting.sum }))
    }

    async fn correct(
        &self,
        counting: Counting,
        by: u64,
        step: &Step<OnCorrect>,
    ) -> Result<Answered<OnCorrect, u64>, String> {
        sleep(Duration::from_millis(fastrand::u64(0..3))).await;
        if step.attempt() == 1 && fastrand::u8(..3) == 0 {
            return Err("no line".into());
        }
        let sum = counting.sum + by;
        Ok(step.to(Counting { sum }).answer(sum))
    }

    async fn tick(&self, open: &mut Open, _: &Step<OnTick>) -> Result<(), String> {
        open.ticks += 1;
        Ok(())
    }

    async fn audit(
        &self,
        closing: &Closing,
        step: &Step<OnAudit>,
    ) -> Result<Option<OnAudit>, String> {
        sleep(Duration::from_millis(fastrand::u64(0..3))).await;
        let sum = closing.sum;
        Ok((fastrand::u8(..3) == 0).then(|| step.to(Closed { sum })))
    }
}

const SENDERS: u64 = 3;
const CREDITS: u64 = 8;

/// Corrections of a closed account, by their message ids.
const CORRECTIONS: [(&str, u64); 3] = [("first", 10_000), ("second", 20_000), ("third", 30_000)];

fn path(folder: &Path) -> PathBuf {
    folder.join("accounts.redb")
}

fn id(number: u64) -> String {
    format!("account-{number}")
}

/// The credits of an account by their message ids.
fn credits(number: u64) -> BTreeMap<String, u64> {
    let each = (0..SENDERS).flat_map(|sender| (0..CREDITS).map(move |credit| (sender, credit)));
    each.map(|(sender, credit)| {
        (
            format!("{sender}-{credit}"),
            1 + number + sender * 100 + credit,
        )
    })
    .collect()
}

/// The answers that senders have heard, a line each.
struct Heard(File);

impl Heard {
    fn path(folder: &Path) -> PathBuf {
        folder.join("heard")
    }

    fn open(folder: &Path) -> Self {
        let file = File::options()
            .create(true)
            .append(true)
            .open(Heard::path(folder));
        Heard(file.expect("the file can be written"))
    }

    /// By one call of the system, so that a kill leaves the line whole or leaves none.
    fn answer(&self, account: &str, message: &str, answer: u64) {
        let line = format!("{account} {message} {answer}\n");
        let written = (&self.0).write(line.as_bytes());
        assert_eq!(written.expect("the line is written"), line.len());
    }
}

/// Starts all accounts, sends them all credits, those that were sent before as well, and closes them.
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn work(folder: &Path, accounts: u64, seed: u64) {
    fastrand::seed(seed);
    let heard = Arc::new(Heard::open(folder));
    let store = RedbStore::open(path(folder)).expect("nobody else has the file");
    let runner = Runner::<Account>::builder(Bank)
        .store(store)
        .max_crashes(1_000);
    let runner = runner.launch().await.expect("the store answers");
    let mut sending = JoinSet::new();
    for number in 0..accounts {
        let run = runner.start(id(number), (), Open { sum: 0, ticks: 0 });
        let run = run.await.expect("it starts, or is there");
        let heard = Arc::clone(&heard);
        sending.spawn(async move {
            let mut senders = JoinSet::new();
            for sender in 0..SENDERS {
                let (run, heard) = (run.clone(), Arc::clone(&heard));
                senders.spawn(async move {
                    let own = credits(number).into_iter();
                    let own = own.filter(|(id, _)| id.starts_with(&format!("{sender}-")));
                    for (message, cents) in own {
                        let sent = run.credit(cents).message_id(&message);
                        // One of an account that was closed meanwhile was applied before that.
                        let sent = sent.await.expect("the account is there");
                        let answer = sent.answered().await.expect("it is applied");
                        heard.answer(&id(number), &message, answer);
                    }
                });
            }
            while let Some(sent) = senders.join_next().await {
                sent.expect("every sender comes to its end");
            }
            let closes = run.close().message_id("close").answered().await;
            heard.answer(&id(number), "close", closes.expect("it is closed"));
            for (message, by) in CORRECTIONS {
                // One that comes too late is refused, or left.
                let corrected = run.correct(by).message_id(message).answered().await;
                if let Ok(answer) = corrected {
                    heard.answer(&id(number), message, answer);
                }
            }
            let _ = run.end().await.expect("it ends");
        });
    }
    while let Some(ended) = sending.join_next().await {
        ended.expect("every account is closed");
    }
    runner.shut_down(Duration::from_secs(5)).await;
}

/// Reads what is left.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn judge(folder: &Path, accounts: u64) -> String {
    let text = std::fs::read_to_string(Heard::path(folder)).expect("the file can be read");
    let mut heard: BTreeMap<(String, String), BTreeSet<u64>> = BTreeMap::new();
    for line in text.lines() {
        let words: Vec<_> = line.split(' ').collect();
        let answer = words[2].parse().expect("it is a number");
        let of = (words[0].to_owned(), words[1].to_owned());
        heard.entry(of).or_default().insert(answer);
    }
    let store = RedbStore::open(path(folder)).expect("nobody else has the file");
    let runner = Runner::<Account>::builder(Bank).store(store);
    let runner = runner.launch().await.expect("the store answers");
    let (mut applied, mut ticks, mut corrections) = (0, 0, 0);
    for number in 0..accounts {
        let account = id(number);
        let run = runner
            .get(&*account)
            .await
            .expect("it is read")
            .expect("it is there");
        assert_eq!(run.info().await.expect("it is read").status, Status::Done);
        let rows = runner.history(&*account).await.expect("it is read");
        let mut left = credits(number);
        let mut corrected = BTreeMap::from(CORRECTIONS);
        let mut sum = 0;
        for row in &rows {
            let Some((transition, message, answer)) = taken(row) else {
                continue;
            };
            let answer = answer.map(|answer| String::from_utf8(answer).expect("it is JSON"));
            let Some(message) = message else {
                ticks += u64::from(transition == "tick");
                continue;
            };
            applied += 1;
            if transition == "credit" {
                let cents = left.remove(&message);
                sum += cents.unwrap_or_else(|| panic!("{account}: `{message}` is applied twice"));
            }
            if transition == "correct" {
                let by = corrected.remove(&*message);
                sum += by.unwrap_or_else(|| panic!("{account}: `{message}` is applied twice"));
                corrections += 1;
            }
            assert_eq!(answer, Some(sum.to_string()), "{account}: `{message}`");
            let of = (account.clone(), message);
            assert_eq!(heard.remove(&of), Some(BTreeSet::from([sum])), "{of:?}");
        }
        assert!(left.is_empty(), "{account}: these were lost: {left:?}");
        let end = run.end().await.expect("it has ended");
        let AccountEnd::Closed(Closed { sum: closed }) = end;
        assert_eq!(closed, sum, "{account}");
    }
    assert!(heard.is_empty(), "nothing has answered these: {heard:?}");
    format!(
        "{applied} messages applied once, with one answer each, of which {corrections} interrupted a step; {ticks} ticks"
    )
}

type TakenMessage = (String, Option<String>, Option<Vec<u8>>);

fn taken(row: &HistoryRow) -> Option<TakenMessage> {
    match &row.event {
        Event::Transition {
            transition,
            message,
            answer,
            ..
        } => Some((transition.to_string(), message.clone(), answer.clone())),
        _ => None,
    }
}
