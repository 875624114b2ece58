//! A workflow with a poll and transitions that stay in their state, and a depot that handles it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use stateway::Clock;
use stateway::prelude::*;
use stateway::store::Store;

pub(super) const MINUTE: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Note {
    pub(super) text: String,
}

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    #[durable(version = 1)]
    pub(super) workflow Parcel {
        start Packed;
        state Sent { notes: Vec<String>, call: SystemTime, track: u32 };
        state Held { days: u32 };
        done Delivered { notes: Vec<String> };
        failed Lost;

        signal send(Duration): Packed -> Sent with undo(recall);
        signal note(Note): Sent with retry(2, every 1m);
        signal hold(u32): Sent -> Held;
        timer remind every 10m: Sent;
        timer nudge after 25m: Sent;
        timer call at call: Sent;
        timer lose after 2h: Sent -> Lost;
        poll track every 3m..12m: Sent -> Delivered | Lost with retry(2, every 10s), catch(look);

        poll release every 5m: Held -> Delivered;
    }
}

/// Notes all that happens to a parcel.
pub(super) struct Depot {
    said: Mutex<Vec<(u64, String)>>,
    began: SystemTime,
    /// It arrives with this asking.
    pub(super) arrives: u32,
    /// The attempts of these askings fail.
    pub(super) unreachable: Vec<u32>,
    /// The number of notes whose first attempt fails.
    pub(super) refuses: Mutex<u32>,
}

impl Default for Depot {
    /// It takes some askings, and twenty minutes.
    fn default() -> Self {
        Depot::new(4)
    }
}

impl Depot {
    pub(super) fn new(arrives: u32) -> Self {
        Depot {
            said: Mutex::default(),
            began: Clock::tokio().now(),
            arrives,
            unreachable: Vec::new(),
            refuses: Mutex::new(0),
        }
    }

    /// Says it, with the second in which it does.
    fn say(&self, what: impl Into<String>) {
        let since = Clock::tokio()
            .now()
            .duration_since(self.began)
            .unwrap_or_default();
        // Timers of tokio are late by up to a millisecond, and times of a store are cut to the microsecond.
        let second = (since + Duration::from_millis(500)).as_secs();
        self.said.lock().unwrap().push((second, what.into()));
    }

    /// Returns the minutes of everything said that begins with `what`.
    pub(super) fn minutes(&self, what: &str) -> Vec<u64> {
        let said = self.said.lock().unwrap();
        let said = said.iter().filter(|(_, said)| said.starts_with(what));
        said.map(|(second, _)| second / 60).collect()
    }

    pub(super) fn said(&self, what: &str) -> Vec<String> {
        let said = self.said.lock().unwrap();
        let said = said.iter().filter(|(_, said)| said.starts_with(what));
        said.map(|(_, said)| said.clone()).collect()
    }
}

impl ParcelSteps for Depot {
    type Error = String;

    async fn send(&self, _: Packed, call: Duration, step: &Step<OnSend>) -> Result<OnSend, String> {
        Ok(step.to(Sent {
            notes: Vec::new(),
            call: Clock::tokio().now() + call,
            track: 0,
        }))
    }

    async fn recall(&self, sent: Sent, _: &Undo<OnSend>) -> Result<(), String> {
        self.say(format!("recalled with {} notes", sent.notes.len()));
        Ok(())
    }

    async fn note(&self, sent: &mut Sent, note: Note, step: &Step<OnNote>) -> Result<(), String> {
        sent.notes
            .push(format!("{} in attempt {}", note.text, step.attempt()));
        self.say(format!("note {}", step.key()));
        let mut refuses = self.refuses.lock().unwrap();
        if *refuses > 0 && step.attempt() == 1 {
            *refuses -= 1;
            return Err("no pen".into());
        }
        Ok(())
    }

    async fn hold(&self, _: Sent, days: u32, step: &Step<OnHold>) -> Result<OnHold, String> {
        Ok(step.to(Held { days }))
    }

    async fn remind(&self, sent: &mut Sent, _: &Step<OnRemind>) -> Result<(), String> {
        self.say("remind");
        sent.notes.push("reminded".into());
        Ok(())
    }

    async fn nudge(&self, _: &mut Sent, _: &Step<OnNudge>) -> Result<(), String> {
        self.say("nudge");
        Ok(())
    }

    async fn call(&self, sent: &mut Sent, _: &Step<OnCall>) -> Result<(), String> {
        self.say("call");
        if sent.track < 2 {
            sent.track += 1;
            sent.call += MINUTE * 20;
        }
        Ok(())
    }

    async fn lose(&self, _: Sent, step: &Step<OnLose>) -> Result<OnLose, String> {
        Ok(step.to(Lost))
    }

    async fn track(&self, sent: &Sent, step: &Step<OnTrack>) -> Result<Option<OnTrack>, String> {
        self.say(format!("track {}", step.key()));
        let asked = u32::try_from(self.minutes("track").len()).unwrap();
        if self.unreachable.contains(&asked) {
            return Err("no line".into());
        }
        let notes = sent.notes.clone();
        Ok((asked >= self.arrives).then(|| step.to(Delivered { notes })))
    }

    async fn look(
        &self,
        _: &Sent,
        cause: Cause<String>,
        step: &Step<OnTrack>,
    ) -> Result<Option<OnTrack>, String> {
        let Cause::Handler(cause) = cause else {
            return Err("it was reached".into());
        };
        self.say(format!("look after {}: {cause}", step.attempt()));
        Ok(None)
    }

    async fn release(
        &self,
        held: &Held,
        step: &Step<OnRelease>,
    ) -> Result<Option<OnRelease>, String> {
        self.say("release");
        let asked = u32::try_from(self.minutes("release").len()).unwrap();
        let notes = Vec::new();
        Ok((asked > held.days).then(|| step.to(Delivered { notes })))
    }
}

pub(super) async fn launch(store: &Arc<dyn Store>, depot: &Arc<Depot>) -> Runner<Parcel> {
    let runner = Runner::<Parcel>::shared(Arc::clone(depot)).clock(Clock::tokio());
    runner.store(Arc::clone(store)).launch().await.unwrap()
}
