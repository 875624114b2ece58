//! Compares what a damaged store answers with what the undamaged one does.

use std::collections::BTreeMap;

use stateway::store::{Created, Filter, NewRun, RunRow, Sent, Status, Store as _};
use stateway::{OpenError, RedbStore, StoreError};

use crate::model::{Model, claim, disk, message, new, step, wait};

#[derive(Debug)]
pub(crate) enum Verdict {
    /// It was not opened, and it was said why.
    Refused,
    /// Some of it was refused.
    Partly,
    /// Everything was as it should be.
    Whole,
    /// Something was different, and nothing was said.
    Silent(String),
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) refused: u32,
    pub(crate) partly: u32,
    pub(crate) whole: u32,
    pub(crate) silent: u32,
}

impl Tally {
    pub(crate) fn add(&mut self, verdict: &Verdict) {
        let count = match verdict {
            Verdict::Refused => &mut self.refused,
            Verdict::Partly => &mut self.partly,
            Verdict::Whole => &mut self.whole,
            Verdict::Silent(_) => &mut self.silent,
        };
        *count += 1;
    }
}

/// The damage that was noticed.
#[derive(Default)]
struct Noticed {
    /// So many answers were errors.
    refused: u32,
    silent: Option<String>,
}

impl Noticed {
    fn answer<T>(&mut self, answer: Result<T, StoreError>) -> Option<T> {
        match answer {
            Ok(answer) => Some(answer),
            Err(error) => {
                let text = format!("{error:?}");
                if text.contains("its writer panicked") || text.contains("JoinError") {
                    self.silent(|| text);
                }
                self.refused += 1;
                None
            }
        }
    }

    fn is_same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, answer: &T, model: &T) {
        if answer != model {
            self.silent(|| {
                let text = format!("{what}: {answer:?}");
                text.chars().take(200).collect()
            });
        }
    }

    fn silent(&mut self, why: impl FnOnce() -> String) {
        self.silent.get_or_insert_with(why);
    }
}

pub(crate) fn judge(model: &Model, bytes: Vec<u8>) -> Verdict {
    let disk = disk(bytes);
    let store = match RedbStore::options().open_backend(disk.clone()) {
        Ok(store) => store,
        Err(error) => return refused(error),
    };
    let mut noticed = Noticed::default();
    let gone_on = wait(async {
        look(model, &store, &mut noticed).await;
        go_on(model, &store, &mut noticed).await
    });
    drop(store);
    match RedbStore::options().open_backend(disk) {
        Ok(store) => wait(async {
            for (id, row) in gone_on {
                let found = noticed.answer(store.get(&id.parse().unwrap()).await);
                if let Some(found) = found {
                    let found = found.map(|found| found.row);
                    noticed.is_same(&format!("{id} after another opening"), &found, &Some(row));
                }
            }
        }),
        Err(error) => {
            noticed.refused += 1;
            if let Verdict::Silent(why) = refused(error) {
                noticed.silent(|| why);
            }
        }
    }
    match noticed {
        Noticed {
            silent: Some(why), ..
        } => Verdict::Silent(why),
        Noticed { refused: 0, .. } => Verdict::Whole,
        Noticed { .. } => Verdict::Partly,
    }
}

fn refused(error: OpenError) -> Verdict {
    match error {
        OpenError::Damaged { .. }
        | OpenError::Foreign { .. }
        | OpenError::Newer { .. }
        | OpenError::File { .. } => Verdict::Refused,
        error => Verdict::Silent(format!("refused as {error:?}")),
    }
}

/// Returns true if a row is that of a run that cannot be read.
fn is_broken(row: &RunRow) -> bool {
    let reason = row.parked.as_ref().map_or("", |reason| reason.as_str());
    row.status == Status::Parked && reason.starts_with("what is stored of it cannot be read")
}

/// The runs by id, as they are listed.
async fn listed(store: &RedbStore, noticed: &mut Noticed) -> Option<BTreeMap<String, RunRow>> {
    let filter = Filter::new().limit(1_000);
    let listed = noticed.answer(store.list(filter).await)?;
    let listed = listed.into_iter().map(|row| (row.id.to_string(), row));
    Some(listed.collect())
}

/// Reads everything.
async fn look(model: &Model, store: &RedbStore, noticed: &mut Noticed) {
    let rows = listed(store, noticed).await;
    for (id, row) in &model.rows {
        let run = &row.id;
        let found = noticed.answer(store.get(run).await);
        if let Some(found) = found {
            let expected = model.found.get(id);
            noticed.is_same(id, &found.as_ref(), &expected);
        }
        if let Some(history) = noticed.answer(store.history(run, 0, 1_000).await) {
            noticed.is_same(id, &history, &model.histories[id]);
        }
        if let Some(page) = noticed.answer(store.history(run, 3, 2).await) {
            let expected: Vec<_> = model.histories[id]
                .iter()
                .skip(3)
                .take(2)
                .cloned()
                .collect();
            noticed.is_same(id, &page, &expected);
        }
        if let Some(log) = noticed.answer(store.log(run, 0, 1_000).await) {
            noticed.is_same(id, &log, &model.logs[id]);
        }
        match rows.as_ref().map(|rows| rows.get(id)) {
            None => {}
            Some(Some(listed)) if is_broken(listed) => noticed.refused += 1,
            Some(listed) => noticed.is_same(id, &listed, &Some(row)),
        }
    }
    for (id, row) in rows.iter().flatten() {
        if !model.rows.contains_key(id) && !is_broken(row) {
            noticed.silent(|| format!("{id} was never there"));
        }
    }
}

/// Claims everything, and lets it go on. Gives how each run is then that did.
async fn go_on(
    model: &Model,
    store: &RedbStore,
    noticed: &mut Noticed,
) -> BTreeMap<String, RunRow> {
    let mut gone_on = BTreeMap::new();
    let claimed = noticed.answer(store.claim(claim()).await);
    let asked = claimed.is_some();
    let claimed = claimed.into_iter().flat_map(|claims| claims.taken);
    let mut claimed: BTreeMap<_, _> = claimed.map(|it| (it.row.id.to_string(), it)).collect();
    let rows = listed(store, noticed).await;
    for (id, expected) in &model.claimed {
        let Some(claimed) = claimed.remove(id) else {
            let row = rows.as_ref().and_then(|rows| rows.get(id));
            if asked && rows.is_some() && !row.is_some_and(is_broken) {
                noticed.silent(|| format!("{id} was not claimed, and is listed as {row:?}"));
            }
            noticed.refused += 1;
            continue;
        };
        noticed.is_same(id, &claimed, expected);
        let commit = step(&claimed.row, 3);
        if noticed.answer(store.commit(commit.clone()).await).is_some() {
            let mut row = claimed.row;
            let _ = row.apply(&commit, 0);
            gone_on.insert(id.clone(), row);
        }
    }
    if let Some(other) = claimed.into_keys().next() {
        noticed.silent(|| format!("{other} was claimed"));
    }
    for (id, row) in &model.rows {
        let again = NewRun {
            lease: None,
            ..new(id)
        };
        match noticed.answer(store.create(again).await) {
            None | Some(Created::Known { .. }) => {}
            Some(Created::New(_)) => noticed.silent(|| format!("{id} was started again")),
        }
        if row.status.is_ended() || model.claimed.get(id).is_none_or(|it| it.inbox.is_empty()) {
            continue;
        }
        if let Some(sent) = noticed.answer(store.send(message(&row.id, 1).into()).await) {
            noticed.is_same(id, &sent, &Sent::Known);
        }
    }
    noticed.answer(store.create(new("run-99")).await);
    gone_on
}
