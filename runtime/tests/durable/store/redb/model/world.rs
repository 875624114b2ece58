//! Asks both stores the same, and compares what they say.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use stateway::store::{
    Claim, Commit, EffectNote, Event, FailedAttempt, Failure, FailureKind, Filter, Fired,
    Heartbeat, Holder, IndexEntry, IndexValue, Lease, LogEntry, Message, NewRun, Note, NoteRow,
    Outbox, Parent, Progress, Purge, Release, RunRow, Source, Status, Store, Suspects,
    TraceContext, Wait, WorkflowVersions,
};
use stateway::{MemoryStore, RedbStore, RunId, StoreError};

use super::ask::{Ask, What};

pub(crate) fn id(run: u8) -> RunId {
    // One is the beginning of another.
    ["a", "a/b", "a!", "\u{a0}", "ab"][usize::from(run)]
        .parse()
        .unwrap()
}

pub(crate) fn workflow(number: u8) -> String {
    ["Walk", "Talk"][usize::from(number % 2)].to_owned()
}

fn version(number: u8) -> u32 {
    u32::from(number / 2)
}

fn index(number: u8) -> Vec<IndexEntry> {
    vec![IndexEntry {
        name: "number".into(),
        value: IndexValue::Integer(number.into()),
    }]
}

/// An entry that is like no other of the run.
fn logged(row: &RunRow, number: u64) -> LogEntry {
    LogEntry {
        log: format!("log{number}").into(),
        entry: format!("{}: {}", row.id, row.logged + number).into_bytes(),
    }
}

/// Effects of the visit under way, the first of which has the state.
fn effects(row: &RunRow, number: u8) -> Vec<Event> {
    let effect = |number: u32| Event::Effect {
        transition: "quote".into(),
        visit: row.visit + 1,
        branch: (number > 0).then(|| format!("air[{number}]")),
        output: format!("{} {number}", row.sequence).into_bytes(),
        state: row.state.clone(),
        source: match number {
            0 => Source::Here(vec![6; usize::try_from(row.visit % 3).unwrap()]),
            number => Source::Before(number),
        },
        undo: format!("cancel{number}").into(),
    };
    (0..number.into()).map(effect).collect()
}

fn knows(bits: u8) -> Arc<[WorkflowVersions]> {
    let known = [0, 1].map(|of| WorkflowVersions {
        workflow: workflow(of),
        versions: [of, of + 2]
            .into_iter()
            .filter(|it| bits >> it & 1 == 1)
            .map(version)
            .collect(),
    });
    known.into()
}

/// The world in which both are asked.
pub(crate) struct World {
    pub(crate) memory: MemoryStore,
    pub(crate) redb: RedbStore,
    pub(crate) now: SystemTime,
    pub(crate) last: Option<Commit>,
    holders: [Holder; 3],
}

/// The answer of a store. Errors are compared by their texts.
pub(crate) fn text<T: Debug>(answer: &Result<T, StoreError>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => format!("error: {error}"),
    }
}

macro_rules! both {
    ($world:ident, $what:expr, $store:ident => $ask:expr) => {{
        let memory = {
            let $store = &$world.memory;
            $ask.await
        };
        let redb = {
            let $store = &$world.redb;
            $ask.await
        };
        prop_assert_eq!(text(&memory), text(&redb), "{:?}", $what);
        memory
    }};
}

impl World {
    pub(crate) fn new(redb: RedbStore) -> Self {
        World {
            memory: MemoryStore::new(),
            redb,
            now: UNIX_EPOCH + Duration::from_hours(500_000),
            last: None,
            holders: std::array::from_fn(|_| Holder::unique()),
        }
    }

    fn lease(&self, holder: u8, seconds: u8) -> Lease {
        Lease {
            holder: self.holders[usize::from(holder)],
            duration: Duration::from_secs(seconds.into()),
        }
    }

    fn in_seconds(&self, seconds: u8) -> SystemTime {
        self.now + Duration::from_secs(seconds.into())
    }

    fn fired(&self, made: u8) -> Fired {
        Fired {
            transition: format!("t{made}").into(),
            at: self.now,
            made: made.into(),
        }
    }

    fn outbox(&self, run: u8) -> Outbox {
        let started = NewRun {
            incarnation: 2,
            ..NewRun::new(id(run), workflow(run % 2), version(run % 4), "S0", self.now)
        };
        Outbox {
            runs: vec![started],
            messages: vec![Message {
                run: id(run),
                id: format!("m{}", run % 3),
                signal: "sent".to_owned(),
                payload: vec![run],
                at: self.now,
            }],
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "they are the fields of `Ask::Commit`"
    )]
    async fn commit(
        &self,
        run: &RunId,
        what: &What,
        release: Option<u8>,
        epoch: u8,
        sequence: i8,
        consumed: &[u8],
        effects_of_visit: u8,
        sends: Option<u8>,
    ) -> Option<Commit> {
        let row = self.memory.get(run).await.unwrap()?.row;
        let history = self.memory.undoable(run, 1).await.unwrap();
        let of = history.first().map_or(0, |row| row.number);
        let event = match what {
            What::Go { undo, .. } => Event::Transition {
                transition: "go".into(),
                internal: false,
                visit: row.visit + 1,
                attempts: 1,
                state: format!("S{}", row.visit + 1).into(),
                payload: vec![7; usize::try_from(row.visit % 5).unwrap()],
                undo: undo.then(|| "unfasten".into()),
                version: 1,
                message: undo.then(|| "m1".to_owned()),
                answer: None,
            },
            What::Stay { .. } => Event::Transition {
                transition: "stay".into(),
                internal: true,
                visit: row.visit + 1,
                attempts: 1,
                state: row.state.clone(),
                payload: vec![8],
                undo: None,
                version: 1,
                message: consumed.first().map(|id| format!("m{id}")),
                answer: Some(vec![9]),
            },
            What::Begin => Event::RollbackBegan,
            What::Undone => Event::Undone { of, attempts: 2 },
            What::NotUndone => Event::NotUndone {
                of,
                attempts: 1,
                cause: "no".into(),
            },
            What::Parked => Event::Parked {
                reason: "why".into(),
            },
            What::Paused => Event::Paused,
            What::Ended { .. } => Event::Ended,
        };
        let status = match what {
            What::Go { status, .. } | What::Ended { status } => *status,
            What::Begin | What::Undone | What::NotUndone => Status::RollingBack,
            What::Stay { .. } => Status::Running,
            What::Parked => Status::Parked,
            What::Paused => Status::Paused,
        };
        let failure =
            matches!(what, What::Begin | What::Paused | What::Ended { .. }).then(|| Failure {
                state: row.state.clone(),
                transition: None,
                attempts: 0,
                kind: FailureKind::Handler,
                message: "it failed".into(),
            });
        let attempt = FailedAttempt {
            branch: (row.sequence.is_multiple_of(2)).then(|| "air".to_owned()),
            number: 1,
            at: self.now,
            error: "fog".into(),
        };
        Some(Commit {
            epoch: row.epoch + u64::from(epoch),
            sequence: row.sequence.saturating_add_signed(sequence.into()),
            failed_attempts: vec![attempt; consumed.len()],
            release: release.map(|seconds| Wait {
                // The first of them waits for a message alone.
                due: (seconds > 0).then(|| self.in_seconds(seconds)),
                messages: 1,
            }),
            effects: effects(&row, effects_of_visit),
            failure,
            consumed: consumed.iter().map(|id| format!("m{id}")).collect(),
            index: index(u8::try_from(row.sequence % 2).unwrap_or(0)),
            fired: match what {
                What::Stay { fired } => (0..*fired).map(|made| self.fired(made)).collect(),
                _ => Vec::new(),
            },
            outbox: sends.map(|sends| self.outbox(sends)).unwrap_or_default(),
            // Some runs have a history that is bounded, and one has it from a while on.
            keep_history: match (&*row.workflow, row.rows) {
                ("Talk", _) => Some(2),
                (_, 7..) if row.priority > 0 => Some(3),
                _ => None,
            },
            logged: (0..row.sequence % 3).map(|of| logged(&row, of)).collect(),
            ..Commit::new(&row, event, status, self.now)
        })
    }

    #[expect(clippy::too_many_lines, reason = "it is a table of what can be asked")]
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Result<(), TestCaseError> {
        match ask {
            Ask::Create {
                run,
                workflow: of,
                input,
                is_held,
                due,
                priority,
                again,
            } => {
                let new = NewRun {
                    incarnation: 1,
                    input: vec![*input],
                    payload: vec![*input, *input],
                    again: *again,
                    lease: is_held.then(|| self.lease(0, 20)),
                    due: due.map(|seconds| self.in_seconds(seconds)),
                    priority: *priority,
                    parent: (*input == 1).then(|| Parent {
                        run: id(0),
                        key: "k".to_owned(),
                    }),
                    index: index(*input),
                    messages: (0..*input)
                        .map(|number| Message {
                            run: id(*run),
                            id: format!("m{number}"),
                            signal: "begins".to_owned(),
                            payload: vec![number],
                            at: self.now,
                        })
                        .collect(),
                    trace: (*input == 0).then(|| TraceContext {
                        parent: "00-1-2-01".to_owned(),
                        state: None,
                    }),
                    ..NewRun::new(id(*run), workflow(*of), version(*of), "S0", self.now)
                };
                both!(self, ask, store => store.create(new.clone())).ok();
            }
            Ask::Claim {
                known,
                limit,
                holder,
                lease: seconds,
                suspects,
            } => {
                let claim = Claim {
                    workflows: knows(*known),
                    now: self.now,
                    lease: self.lease(*holder, *seconds),
                    limit: (*limit).into(),
                    suspects: Suspects {
                        under_way: usize::from(*suspects),
                        deaths: u32::from(*suspects),
                        alone_from: 3,
                    },
                };
                both!(self, ask, store => store.claim(claim.clone())).ok();
            }
            Ask::Commit {
                run,
                what,
                release,
                epoch,
                sequence,
                consumed,
                effects,
                sends,
            } => {
                let run = id(*run);
                let commit = self
                    .commit(
                        &run, what, *release, *epoch, *sequence, consumed, *effects, *sends,
                    )
                    .await;
                let Some(commit) = commit else { return Ok(()) };
                both!(self, ask, store => store.commit(commit.clone())).ok();
                self.last = Some(commit);
            }
            Ask::Release {
                run,
                due,
                messages,
                epoch,
                asked,
            } => {
                let Some(found) = self.memory.get(&id(*run)).await.unwrap() else {
                    return Ok(());
                };
                let mut release = Release::now(&found.row, self.now);
                release.epoch += u64::from(*epoch);
                release.asked = asked.map(|made| vec![self.fired(made)]);
                release.until = Wait {
                    due: due.map(|seconds| self.in_seconds(seconds)),
                    messages: usize::from(*messages),
                };
                both!(self, ask, store => store.release(release.clone())).ok();
            }
            Ask::Again { other } => {
                if let Some(mut commit) = self.last.clone() {
                    if *other {
                        commit.logged.reverse();
                        commit.effects.reverse();
                    }
                    both!(self, ask, store => store.commit(commit.clone())).ok();
                }
            }
            Ask::Note {
                run,
                key,
                output,
                has_effect,
                waits,
                epoch,
            } => {
                let Some(found) = self.memory.get(&id(*run)).await.unwrap() else {
                    return Ok(());
                };
                let progress = match output {
                    Some(output) => Progress::Output {
                        output: vec![*output; 3],
                        effect: has_effect.then(|| EffectNote {
                            undo: "cancel".into(),
                            number: (*output).into(),
                        }),
                    },
                    None => Progress::Attempts {
                        made: 2,
                        called: 1,
                        due: self.in_seconds(*key * 10),
                        noted: self.now,
                        waits: *waits,
                        failed: Vec::new(),
                    },
                };
                let note = Note {
                    run: id(*run),
                    epoch: found.row.epoch + u64::from(*epoch),
                    sequence: found.row.sequence,
                    note: NoteRow {
                        key: ["", "1/go", "1/go/undo", "1/go/1/air"][usize::from(*key)].into(),
                        progress,
                    },
                    is_boundary: *waits,
                };
                both!(self, ask, store => store.note(note.clone())).ok();
            }
            Ask::Heartbeat { lease } => {
                let rows = self.memory.list(Filter::default()).await.unwrap();
                let heartbeat = Heartbeat {
                    claims: rows.into_iter().map(|row| (row.id, row.epoch)).collect(),
                    lease: Duration::from_secs((*lease).into()),
                };
                both!(self, ask, store => store.heartbeat(heartbeat.clone())).ok();
            }
            Ask::Stop { run, stop } => {
                both!(self, ask, store => store.stop(&id(*run), *stop, self.now.into())).ok();
            }
            Ask::Send { run, id: message } => {
                let message = Message {
                    run: id(*run),
                    id: format!("m{message}"),
                    signal: "approve".into(),
                    payload: vec![*message],
                    at: self.now,
                };
                both!(self, ask, store => store.send(message.clone().into())).ok();
            }
            Ask::Unpark { run } => {
                both!(self, ask, store => store.unpark(&id(*run), self.now.into())).ok();
            }
            Ask::Pause { run } => {
                both!(self, ask, store => store.pause(&id(*run), self.now.into())).ok();
            }
            Ask::Resume { run } => {
                both!(self, ask, store => store.resume(&id(*run), self.now.into())).ok();
            }
            Ask::RetryNow { run } => {
                both!(self, ask, store => store.retry_now(&id(*run), self.now.into())).ok();
            }
            Ask::RetryRollback { run } => {
                both!(self, ask, store => store.retry_rollback(&id(*run), self.now.into())).ok();
            }
            Ask::Purge {
                workflow: of,
                ago,
                limit,
            } => {
                let mut purge = Purge::new(self.now - Duration::from_secs((*ago).into()));
                purge = purge.limit((*limit).into());
                purge.workflow = of.map(workflow);
                both!(self, ask, store => store.purge(purge.clone())).ok();
            }
            Ask::List {
                workflow: of,
                status,
                after,
                limit,
                newest_first,
            } => {
                let mut filter = Filter::new().limit((*limit).into());
                filter.workflow = of.map(workflow);
                filter.status = *status;
                filter.after = after.map(id);
                filter.newest_first = *newest_first;
                both!(self, ask, store => store.list(filter.clone())).ok();
            }
            Ask::Read { run, from, limit } => {
                self.read(&id(*run), (*from).into(), (*limit).into())
                    .await?;
            }
            Ask::Wait { seconds } => {
                self.now = self.in_seconds(*seconds);
                tokio::time::advance(Duration::from_secs((*seconds).into())).await;
            }
            Ask::SetClock { seconds } => {
                let off = Duration::from_secs(seconds.unsigned_abs().into());
                self.now = if *seconds < 0 {
                    self.now - off
                } else {
                    self.now + off
                };
            }
        }
        Ok(())
    }

    pub(crate) async fn read(
        &self,
        run: &RunId,
        from: u64,
        limit: usize,
    ) -> Result<(), TestCaseError> {
        both!(self, run, store => store.get(run)).ok();
        both!(self, run, store => store.history(run, from, limit)).ok();
        both!(self, run, store => store.log(run, from, limit)).ok();
        both!(self, run, store => store.undoable(run, limit)).ok();
        both!(self, run, store => store.inbox(run)).ok();
        for id in 0..4 {
            let id = format!("m{id}");
            both!(self, run, store => store.message(run, &id)).ok();
        }
        Ok(())
    }

    pub(crate) async fn read_all(&self) -> Result<(), TestCaseError> {
        both!(self, "all", store => store.list(Filter::default())).ok();
        for run in 0..5 {
            self.read(&id(run), 0, 1_000).await?;
        }
        Ok(())
    }
}
