//! Logs: what a run says once and never changes.

use std::sync::Mutex;
use std::time::Duration;

use stateway::prelude::*;
use tokio::time::sleep;

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    workflow Agent {
        start Asked { question: String };
        state Thinking { turn: u32 };
        state Calling { turn: u32 };
        state Waiting { turn: u32 };
        done Replied { said: Vec<String> };
        failed GivenUp;

        /// The entries.
        log messages: String;
        log costs: u32;

        step ask: Asked -> Thinking with undo(forget);
        step think: Thinking -> Thinking | Calling | Waiting | Replied | GivenUp
            with retry(3, every 1s), timeout(5s), catch(confused);
        split call: Calling -> Thinking with retry(2) {
            branch left: usize;
            branch right: usize with spawn;
            join all;
        }
        signal tell(String): Waiting -> Thinking;
        signal note(String): Waiting;
        poll look every 1s: Waiting -> GivenUp;
    }
}

#[derive(Default)]
struct Model {
    /// Its behaviour at each turn.
    script: Vec<&'static str>,
    heard: Mutex<Vec<String>>,
}

impl Model {
    fn hears(&self, what: String) {
        self.heard.lock().unwrap().push(what);
    }
}

fn all<A>(log: &stateway::log::Log<'_, String, A>) -> String {
    log.iter().cloned().collect::<Vec<_>>().join(" ")
}

impl AgentSteps for Model {
    type Error = String;

    async fn ask(&self, asked: Asked, step: &Step<Ask>) -> Result<Ask, String> {
        assert!(step.messages().is_empty() && step.messages().last().is_none());
        step.messages().push(asked.question);
        step.costs().push(1);
        // It is in the log with the next transition.
        assert_eq!(step.messages().len(), 0);
        Ok(step.to(Thinking { turn: 0 }))
    }

    async fn forget(&self, _: Thinking, undo: &Undo<Ask>) -> Result<(), String> {
        self.hears(format!("forgets {}", all(&undo.messages())));
        Ok(())
    }

    async fn think(&self, it: Thinking, step: &Step<Think>) -> Result<Think, String> {
        let turn = it.turn;
        let messages = step.messages();
        messages.push(format!("{turn}.{}", step.attempt()));
        step.costs().push(turn);
        let turn = turn + 1;
        Ok(match self.script[it.turn as usize] {
            "calls" => step.to(Calling { turn }),
            "waits" => step.to(Waiting { turn }),
            "stumbles" if step.attempt() < 2 => return Err("what?".to_owned()),
            "panics" if step.attempt() < 2 => panic!("what?"),
            "hangs" if step.attempt() < 2 => {
                sleep(Duration::from_mins(1)).await;
                unreachable!("it has no time");
            }
            "is lost" => return Err("lost".to_owned()),
            "gives up" => step.to(GivenUp),
            "answers" => {
                let costs: u32 = step.costs().iter().sum();
                let mut said: Vec<String> = messages.iter().cloned().collect();
                said.push(format!("for {costs}"));
                step.to(Replied { said })
            }
            _ => step.to(Thinking { turn }),
        })
    }

    async fn confused(
        &self,
        it: Thinking,
        _: Cause<String>,
        step: &Step<Think>,
    ) -> Result<Think, String> {
        step.messages().push(format!("{} was confused", it.turn));
        Ok(step.to(Thinking { turn: it.turn + 1 }))
    }

    async fn left(&self, _: &Calling, branch: &Branch<Call>) -> Result<usize, String> {
        Ok(branch.messages().len())
    }

    async fn right(&self, _: &Calling, branch: &Branch<Call>) -> Result<usize, String> {
        Ok(branch.messages()[0].len())
    }

    async fn call(
        &self,
        it: Calling,
        joined: CallJoined,
        step: &Step<Call>,
    ) -> Result<Call, String> {
        step.messages()
            .push(format!("{} of {}", joined.left, joined.right));
        if step.attempt() == 1 {
            return Err("not yet".to_owned());
        }
        Ok(step.to(Thinking { turn: it.turn }))
    }

    async fn tell(&self, it: Waiting, text: String, step: &Step<OnTell>) -> Result<OnTell, String> {
        step.messages().push(text);
        Ok(step.to(Thinking { turn: it.turn }))
    }

    async fn note(&self, _: &mut Waiting, text: String, step: &Step<OnNote>) -> Result<(), String> {
        step.messages().push(text);
        Ok(())
    }

    async fn look(&self, _: &Waiting, step: &Step<OnLook>) -> Result<Option<OnLook>, String> {
        step.messages().push("looked".to_owned());
        Ok(None)
    }
}

fn model(script: &[&'static str]) -> std::sync::Arc<Model> {
    std::sync::Arc::new(Model {
        script: script.to_vec(),
        ..Model::default()
    })
}

fn agent() -> Agent<Asked> {
    let question = "why".to_owned();
    Agent::start(Asked { question })
}

async fn said(script: &[&'static str]) -> String {
    match agent().run(&model(script)).await.unwrap() {
        AgentEnd::Replied(answered) => answered.said.join(" "),
        AgentEnd::GivenUp(_) => "given up".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn what_handlers_add_is_read_by_those_that_follow() {
    assert_eq!(
        said(&["thinks", "thinks", "answers"]).await,
        "why 0.1 1.1 for 2"
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_fails_adds_nothing() {
    for fails in ["stumbles", "panics", "hangs"] {
        assert_eq!(said(&[fails, "answers"]).await, "why 0.2 for 1", "{fails}");
    }
    let script = ["is lost", "thinks", "answers"];
    assert_eq!(said(&script).await, "why 0 was confused 1.1 for 2");
}

#[tokio::test(start_paused = true)]
async fn branches_read_it_and_what_joins_them_adds_to_it_once() {
    assert_eq!(said(&["calls", "answers"]).await, "why 0.1 2 of 3 for 1");
}

#[tokio::test(start_paused = true)]
async fn signals_add_to_it_and_a_poll_that_is_not_answered_does_not() {
    let model = model(&["waits", "answers"]);
    let mut run = agent().run(&model);
    let remote = run.remote();
    let tells = async {
        sleep(Duration::from_millis(1_500)).await;
        remote.note("by the way".to_owned()).await.unwrap();
        sleep(Duration::from_secs(3)).await;
        remote.tell("go on".to_owned()).await.unwrap();
    };
    let (end, ()) = tokio::join!(run, tells);
    let AgentEnd::Replied(answered) = end.unwrap() else {
        panic!("it has answered");
    };
    assert_eq!(answered.said.join(" "), "why 0.1 by the way go on for 1");
}

#[tokio::test(start_paused = true)]
async fn an_undo_reads_what_was_said() {
    let model = model(&["thinks", "gives up"]);
    let end = agent().run(&model).await.unwrap();
    assert_eq!(end, AgentEnd::GivenUp(GivenUp));
    assert_eq!(*model.heard.lock().unwrap(), ["forgets why 0.1 1.1"]);
}

#[test]
fn the_graph_names_the_logs_with_their_entries() {
    let logs = Agent::GRAPH.logs.iter().map(|log| (log.name, log.entry));
    let expected = [("messages", "String"), ("costs", "u32")];
    assert_eq!(logs.collect::<Vec<_>>(), expected);
}

mod late {
    //! A deadline that leads to a state, while a handler runs that has said something.

    use super::*;

    workflow! {
        workflow Talk {
            start Begun;
            state Late;
            done Over { said: Vec<String> };

            log messages: String;
            deadline 1m -> Late;

            step speak: Begun -> Over;
            step close: Late -> Over;
        }
    }

    struct Speaker;

    impl TalkSteps for Speaker {
        type Error = String;

        async fn speak(&self, _: Begun, step: &Step<Speak>) -> Result<Speak, String> {
            step.messages().push("and so on".to_owned());
            sleep(Duration::from_hours(1)).await;
            Err("nobody listens".to_owned())
        }

        async fn close(&self, _: Late, step: &Step<Close>) -> Result<Close, String> {
            let said = step.messages().iter().cloned().collect();
            Ok(step.to(Over { said }))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_handler_said_that_the_deadline_stops_is_gone() {
        let TalkEnd::Over(over) = Talk::start(Begun).run(&Speaker).await.unwrap();
        assert_eq!(over.said, [""; 0]);
    }
}
