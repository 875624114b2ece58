//! A saga of ten transitions, one of them a split. Every state has a token, made by the handler that led to it.

use std::future::Future;
use std::time::Duration;

use stateway::RunId;
use stateway::prelude::*;

use crate::effects::{Effects, What};

workflow! {
    #[durable(version = 1)]
    #[derive(Clone)]
    pub(crate) workflow Trip {
        input { number: u64 }

        start  Asked { token: u64 };
        state  Quoted { token: u64 };
        state  Reserved { token: u64 };
        state  Paid { token: u64 };
        state  Ticketed { token: u64 };
        state  Confirmed { token: u64, parts: Vec<u64> };
        state  Insured { token: u64 };
        state  Packed { token: u64 };
        state  Briefed { token: u64 };
        state  Boarded { token: u64 };
        done   Arrived { token: u64 };
        failed Refused { token: u64 };

        step quote: Asked -> Quoted;
        step reserve: Quoted -> Reserved with undo(release);
        step pay: Reserved -> Paid
            with retry(5, every 4ms), undo(refund, retry(5, every 4ms));
        step ticket: Paid -> Ticketed with undo(void);
        split confirm: Ticketed -> Confirmed with undo(unconfirm) {
            branch hotel: u64 with retry(5, every 3ms);
            branch car: u64;
            branch guide: u64;
            join all;
        }
        // Long enough to wait in the store.
        step insure: Confirmed -> Insured with retry(5, every 30ms), undo(uninsure);
        step pack: Insured -> Packed;
        step brief: Packed -> Briefed with undo(retract);
        step board: Briefed -> Boarded | Refused;
        step arrive: Boarded -> Arrived;
    }
}

/// The transitions in order.
pub(crate) const ORDER: [&str; 10] = [
    "quote", "reserve", "pay", "ticket", "confirm", "insure", "pack", "brief", "board", "arrive",
];

/// Returns true if a trip is refused when it boards, or fails when it arrives.
pub(crate) fn is_refused(number: u64) -> bool {
    number % 7 == 3
}

pub(crate) fn fails(number: u64) -> bool {
    number % 5 == 2
}

pub(crate) struct Agency(pub(crate) Effects);

impl Agency {
    /// An effect, which takes a while. Gives a new token.
    async fn act(&self, what: What, run: &RunId, name: &str, seen: u64) -> u64 {
        let made = fastrand::u64(..);
        self.0.log(what, &run.text(), name, seen, made);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(1..24))).await;
        made
    }

    /// One that fails at its first attempt, half of the time.
    fn stumbles(attempt: u32) -> Result<(), String> {
        if attempt == 1 && fastrand::bool() {
            return Err("not now".to_owned());
        }
        Ok(())
    }
}

/// Handlers of steps that do nothing but their effect.
macro_rules! acts {
    ($($step:ident($transition:ident): $from:ident -> $to:ident;)*) => {$(
        async fn $step(&self, at: $from, step: &Step<$transition>) -> Result<$transition, String> {
            let token = self.act(What::Step, step.run_id(), stringify!($step), at.token).await;
            Agency::stumbles_at(stringify!($step), step.attempt())?;
            Ok(step.to($to { token }))
        }
    )*};
}

macro_rules! undoes {
    ($($undo:ident($transition:ident): $state:ident;)*) => {$(
        fn $undo(&self, at: $state, undo: &Undo<$transition>) -> impl Future<Output = Result<(), String>> + Send {
            async move {
                self.act(What::Undo, undo.run_id(), stringify!($undo), at.token).await;
                Agency::stumbles_at(stringify!($undo), undo.attempt())
            }
        }
    )*};
}

macro_rules! branches {
    ($($branch:ident),*) => {$(
        async fn $branch(&self, at: &Ticketed, branch: &Branch<Confirm>) -> Result<u64, String> {
            let made = self.act(What::Branch, branch.run_id(), stringify!($branch), at.token).await;
            Agency::stumbles_at(stringify!($branch), branch.attempt())?;
            Ok(made)
        }
    )*};
}

impl Agency {
    fn stumbles_at(name: &str, attempt: u32) -> Result<(), String> {
        match name {
            // The last two have no second attempt, so that rollbacks are retried.
            "pay" | "insure" | "hotel" | "refund" | "void" | "retract" => Agency::stumbles(attempt),
            _ => Ok(()),
        }
    }
}

impl TripSteps for Agency {
    type Error = String;

    acts! {
        quote(Quote): Asked -> Quoted;
        reserve(Reserve): Quoted -> Reserved;
        pay(Pay): Reserved -> Paid;
        ticket(Ticket): Paid -> Ticketed;
        insure(Insure): Confirmed -> Insured;
        pack(Pack): Insured -> Packed;
        brief(Brief): Packed -> Briefed;
    }

    undoes! {
        release(Reserve): Reserved;
        refund(Pay): Paid;
        void(Ticket): Ticketed;
        unconfirm(Confirm): Confirmed;
        uninsure(Insure): Insured;
        retract(Brief): Briefed;
    }

    branches!(hotel, car, guide);

    async fn confirm(
        &self,
        at: Ticketed,
        joined: ConfirmJoined,
        step: &Step<Confirm>,
    ) -> Result<Confirm, String> {
        let token = self
            .act(What::Step, step.run_id(), "confirm", at.token)
            .await;
        let parts = vec![joined.hotel, joined.car, joined.guide];
        Ok(step.to(Confirmed { token, parts }))
    }

    async fn board(&self, at: Briefed, step: &Step<Board>) -> Result<Board, String> {
        let token = self.act(What::Step, step.run_id(), "board", at.token).await;
        Ok(if is_refused(step.input().number) {
            step.to(Refused { token })
        } else {
            step.to(Boarded { token })
        })
    }

    async fn arrive(&self, at: Boarded, step: &Step<Arrive>) -> Result<Arrive, String> {
        let token = self
            .act(What::Step, step.run_id(), "arrive", at.token)
            .await;
        if fails(step.input().number) {
            return Err("the train is late".to_owned());
        }
        Ok(step.to(Arrived { token }))
    }
}
