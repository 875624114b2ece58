//! An agent: a model works on a task, turn by turn, and may call tools on the way.
//!
//! Each turn asks the model with all that was said so far, which is a log of the run. The calls of one turn are made side by side.
//! Some tools are dangerous: their calls wait for a human, for a day, after which they are refused. The model is told what
//! every call came to, and a refusal is one of the things a call may come to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stateway::Key;
use stateway::log::Log;
use stateway::prelude::*;
use stateway::runner::Run;
use tokio::time::sleep;

use crate::{SHUT_DOWN, launch, store};

/// The turns after which a task is given up.
const MOST_TURNS: u32 = 20;

/// The request of a model to call a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Call {
    tool: String,
    argument: String,
}

impl Call {
    /// Returns true if a human has to approve it.
    fn is_dangerous(&self) -> bool {
        self.tool == "deploy"
    }
}

/// An entry of the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Message {
    Calls(Vec<Call>),
    Result { call: Call, output: String },
    Failed { call: Call, error: String },
    Refused { call: Call, reason: String },
}

/// A reply of the model.
pub(crate) enum Reply {
    Calls(Vec<Call>),
    Answer(String),
    /// It is not there.
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Verdict {
    Approved,
    Refused { reason: String },
}

workflow! {
    /// A task that a model works on.
    #[durable(version = 1)]
    #[derive(Debug, Clone, PartialEq)]
    pub(crate) workflow Agent {
        input { task: String }

        start Thinking { turn: u32 };

        /// Tools that the model wants to call in this turn.
        group Acting { turn: u32, calls: Vec<Call> } {
            /// At least one of the calls is dangerous.
            state Approving;
            state Calling;
        }

        done   Solved { answer: String };
        failed OutOfTurns;
        failed Unreachable;

        log messages: Message;

        step think: Thinking -> Approving | Calling | Solved | OutOfTurns | Unreachable
            with retry(3, backoff 1s..1m), timeout(2m), else Unreachable;

        signal review(Verdict): Approving -> Calling;
        timer lapse after 1d: Approving -> Calling;

        split call as Called: Calling -> Thinking {
            each wanted in calls: Call => String, at most 4 with retry(2), timeout(30s);
            join settled;
        }
    }
}

/// A model that is played by a function of the task and the conversation.
type Model = fn(&str, &[&Message]) -> Reply;

/// The model, and the tools with the keys that they were called with.
#[derive(Clone)]
struct Workshop {
    model: Model,
    called: Arc<Mutex<Vec<Key>>>,
}

impl Workshop {
    fn of(model: Model) -> Self {
        let called = Arc::default();
        Workshop { model, called }
    }

    fn calls(&self) -> usize {
        self.called.lock().map_or(0, |called| called.len())
    }
}

/// Takes the dangerous calls out, and tells the model why.
fn refuse(mut acting: Acting, messages: &Log<'_, Message>, reason: &str) -> Calling {
    for call in acting.calls.extract_if(.., |call| call.is_dangerous()) {
        let reason = reason.to_owned();
        messages.push(Message::Refused { call, reason });
    }
    Calling { acting }
}

impl AgentSteps for Workshop {
    type Error = String;

    async fn think(&self, thinking: Thinking, step: &Step<Think>) -> Result<Think, String> {
        let turn = thinking.turn + 1;
        if turn > MOST_TURNS {
            return Ok(step.to(OutOfTurns));
        }
        let (task, messages) = (&step.input().task, step.messages());
        sleep(Duration::from_secs(5)).await;
        let calls = match (self.model)(task, &messages.iter().collect::<Vec<_>>()) {
            Reply::Nothing => return Err("the model does not answer".to_owned()),
            Reply::Answer(answer) => return Ok(step.to(Solved { answer })),
            Reply::Calls(calls) => calls,
        };
        messages.push(Message::Calls(calls.clone()));
        let is_dangerous = calls.iter().any(Call::is_dangerous);
        let acting = Acting { turn, calls };
        Ok(if is_dangerous {
            step.to(Approving { acting })
        } else {
            step.to(Calling { acting })
        })
    }

    async fn review(
        &self,
        Approving { acting }: Approving,
        verdict: Verdict,
        step: &Step<OnReview>,
    ) -> Result<OnReview, String> {
        Ok(step.to(match verdict {
            Verdict::Approved => Calling { acting },
            Verdict::Refused { reason } => refuse(acting, &step.messages(), &reason),
        }))
    }

    async fn lapse(&self, approving: Approving, step: &Step<OnLapse>) -> Result<OnLapse, String> {
        let messages = step.messages();
        Ok(step.to(refuse(
            approving.acting,
            &messages,
            "nobody has approved it",
        )))
    }

    async fn wanted(
        &self,
        _: &Calling,
        call: &Call,
        branch: &Branch<Called>,
    ) -> Result<String, String> {
        sleep(Duration::from_secs(1)).await;
        if call.tool == "broken" {
            return Err("out of order".to_owned());
        }
        let mut called = self.called.lock().map_err(|error| error.to_string())?;
        called.push(branch.key());
        Ok(format!("{} of {}", call.tool, call.argument))
    }

    async fn call(
        &self,
        Calling { acting }: Calling,
        joined: CalledJoined<String>,
        step: &Step<Called>,
    ) -> Result<Called, String> {
        for (call, output) in acting.calls.into_iter().zip(joined) {
            step.messages().push(match output {
                Branched::Done(output) => Message::Result { call, output },
                Branched::Failed(error) => {
                    let error = match error.into_cause() {
                        Cause::Handler(error) => error,
                        cause => cause.to_string(),
                    };
                    Message::Failed { call, error }
                }
                Branched::Cancelled => Message::Failed {
                    call,
                    error: "it was cancelled".to_owned(),
                },
            });
        }
        Ok(step.to(Thinking { turn: acting.turn }))
    }
}

fn wants(tool: &str, argument: &str) -> Call {
    Call {
        tool: tool.to_owned(),
        argument: argument.to_owned(),
    }
}

/// Looks around, then deploys, and answers with the last message.
fn engineer(task: &str, messages: &[&Message]) -> Reply {
    match messages {
        [] => Reply::Calls(vec![wants("read", "a"), wants("broken", "b")]),
        [_, _, _] => Reply::Calls(vec![wants("deploy", "c"), wants("read", "d")]),
        [.., last] => Reply::Answer(format!("{task}: {last:?}")),
    }
}

/// The messages that the engineer has heard when the first turn is over.
fn first_turn() -> [Message; 3] {
    let (read, broken) = (wants("read", "a"), wants("broken", "b"));
    [
        Message::Calls(vec![read.clone(), broken.clone()]),
        Message::Result {
            call: read,
            output: "read of a".to_owned(),
        },
        Message::Failed {
            call: broken,
            error: "out of order".to_owned(),
        },
    ]
}

async fn task(runner: &Runner<Agent>) -> Run<Agent> {
    let input = AgentInput {
        task: "release it".to_owned(),
    };
    let started = runner.start("task-1", input, Thinking { turn: 0 }).await;
    started.expect("it is new")
}

fn approving(agent: &AnyAgent) -> bool {
    matches!(agent, AnyAgent::Approving(_))
}

#[tokio::test(start_paused = true)]
async fn what_every_call_came_to_is_said_once_and_in_order() {
    let workshop = Workshop::of(engineer);
    let runner = launch::<Agent>(&store(), workshop.clone()).await;
    let run = task(&runner).await;
    let _ = run.reached(approving).await.expect("it wants to deploy");
    let said = run.messages().read().await.unwrap();
    assert_eq!(said[..3], first_turn());

    run.review(Verdict::Approved).await.expect("it is awaited");
    let end = run.end().await.expect("it is solved");
    assert!(matches!(end, AgentEnd::Solved(Solved { answer }) if answer.contains("read of d")));
    let said = run.messages().read().await.unwrap();
    assert_eq!(said.len(), 6);
    assert_eq!(said[..3], first_turn());
    assert_eq!(workshop.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_nobody_approves_in_a_day_is_refused_and_the_others_are_made() {
    let workshop = Workshop::of(engineer);
    let runner = launch::<Agent>(&store(), workshop.clone()).await;
    let run = task(&runner).await;
    let _ = run.end().await.expect("it is solved");
    let said = run.messages().read().await.unwrap();
    assert_eq!(
        said[4],
        Message::Refused {
            call: wants("deploy", "c"),
            reason: "nobody has approved it".to_owned(),
        }
    );
    assert!(matches!(&said[5], Message::Result { call, .. } if call.argument == "d"));
    assert_eq!(workshop.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_conversation_goes_on_after_a_restart_where_it_was() {
    let (store, workshop) = (store(), Workshop::of(engineer));
    let runner = launch::<Agent>(&store, workshop.clone()).await;
    let run = task(&runner).await;
    let _ = run.reached(approving).await.expect("it wants to deploy");
    runner.shut_down(SHUT_DOWN).await;

    let runner = launch::<Agent>(&store, workshop.clone()).await;
    let run = runner.get("task-1").await.unwrap().expect("it is stored");
    let reason = "not on a Friday".to_owned();
    let refused = Verdict::Refused { reason };
    let sent = run.review(refused).await.expect("it is awaited");
    sent.applied().await.expect("it is taken");
    let _ = run.end().await.expect("it is solved");
    let said = run.messages().read().await.unwrap();
    assert_eq!(said[..3], first_turn());
    assert!(matches!(&said[4], Message::Refused { reason, .. } if reason == "not on a Friday"));
    assert_eq!(said.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_model_that_is_away_or_never_content_is_given_up() {
    let away = Workshop::of(|_, _| Reply::Nothing);
    let runner = launch::<Agent>(&store(), away).await;
    let run = task(&runner).await;
    assert_eq!(run.end().await.unwrap(), AgentEnd::Unreachable(Unreachable));

    let curious = Workshop::of(|_, _| Reply::Calls(vec![wants("read", "more")]));
    let runner = launch::<Agent>(&store(), curious.clone()).await;
    let run = task(&runner).await;
    assert_eq!(run.end().await.unwrap(), AgentEnd::OutOfTurns(OutOfTurns));
    assert_eq!(curious.calls(), 20);
    assert_eq!(run.messages().read().await.unwrap().len(), 40);
}
