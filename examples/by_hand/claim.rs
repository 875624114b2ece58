//! The claim, and what each command does to it.

use std::fmt;

use serde::{Deserialize, Serialize};
use stateway::{StateInfo, workflow};

use crate::cents::Cents;

workflow! {
    /// One expense claim, from the first draft to the money.
    #[derive(Debug, Serialize, Deserialize)]
    pub(crate) workflow Claim {
        input { title: String }

        start  Draft { amount: Cents, remark: Option<String> };
        state  Submitted { amount: Cents };
        /// `open` is what has not been paid yet.
        state  Approved { amount: Cents, open: Cents };
        done   Paid { amount: Cents };
        failed Refused { amount: Cents, why: String };

        step submit: Draft -> Submitted;
        /// A reviewer may hand the claim back, with a remark.
        step review: Submitted -> Approved | Draft | Refused;
        /// The claim may be paid in parts.
        step pay: Approved -> Paid | Approved;
    }
}

/// A command that moves a claim.
#[derive(Debug)]
pub(crate) enum Move {
    /// With another amount than the draft's, if there is one.
    Submit(Option<Cents>),
    Review(Verdict),
    Pay(Cents),
}

/// The verdict of a reviewer.
#[derive(Debug)]
pub(crate) enum Verdict {
    Approve,
    Return { remark: String },
    Refuse { why: String },
}

/// Why a command is not carried out. The claim stays as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Refusal {
    #[error("`{command}` is not legal in state `{}`: {}", .state.name, Exits(.state))]
    Illegal {
        command: &'static str,
        state: &'static StateInfo,
    },
    #[error("{paid} is more than the {open} that is open")]
    TooMuch { paid: Cents, open: Cents },
}

/// Carries out a command.
///
/// The `match` gives the typestate back. Each arm has the methods of its own state and no others,
/// so an arm that moves a claim the wrong way does not compile; what is left for the last arm is
/// what only a user can get wrong.
pub(crate) fn carry_out(command: Move, claim: AnyClaim) -> Result<AnyClaim, Refusal> {
    match (claim, command) {
        (AnyClaim::Draft(claim), Move::Submit(corrected)) => {
            let submitted = claim.submit(|draft| Submitted {
                amount: corrected.unwrap_or(draft.amount),
            });
            Ok(submitted.into())
        }
        (AnyClaim::Submitted(claim), Move::Review(verdict)) => Ok(review(claim, verdict)),
        (AnyClaim::Approved(claim), Move::Pay(paid)) => pay(claim, paid),
        (claim, command) => Err(Refusal::Illegal {
            command: command.name(),
            state: claim.state(),
        }),
    }
}

fn review(claim: Claim<Submitted>, verdict: Verdict) -> AnyClaim {
    let amount = claim.amount;
    match verdict {
        Verdict::Approve => {
            let open = amount;
            claim.review(|_| Approved { amount, open }).into()
        }
        Verdict::Return { remark } => {
            let remark = Some(remark);
            claim.review(|_| Draft { amount, remark }).into()
        }
        Verdict::Refuse { why } => claim.review(|_| Refused { amount, why }).into(),
    }
}

fn pay(claim: Claim<Approved>, paid: Cents) -> Result<AnyClaim, Refusal> {
    // Decided on a borrow: a claim that is refused has not moved.
    let Some(rest) = claim.open.0.checked_sub(paid.0) else {
        let open = claim.open;
        return Err(Refusal::TooMuch { paid, open });
    };
    let open = Cents(rest);
    Ok(if rest == 0 {
        let paid = claim.pay(|Approved { amount, .. }| Paid { amount });
        paid.into()
    } else {
        let still_open = claim.pay(|Approved { amount, .. }| Approved { amount, open });
        still_open.into()
    })
}

impl Move {
    /// A command is called like the transition that it takes.
    fn name(&self) -> &'static str {
        match self {
            Move::Submit(_) => "submit",
            Move::Review(_) => "review",
            Move::Pay(_) => "pay",
        }
    }
}

/// The commands that are legal in a state, read from the graph of the declaration.
struct Exits<'a>(&'a StateInfo);

impl fmt::Display for Exits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Exits(state) = self;
        if state.kind.is_final() {
            return f.write_str("the claim has come to its end");
        }
        let states = Claim::GRAPH.states;
        f.write_str("legal here is")?;
        for (position, exit) in Claim::GRAPH.exits(state).enumerate() {
            let and = if position > 0 { " and" } else { "" };
            write!(f, "{and} `{}`, to", exit.name)?;
            for (position, target) in exit.targets.iter().enumerate() {
                let or = if position > 0 { " or" } else { "" };
                write!(f, "{or} `{}`", states[*target].name)?;
            }
        }
        Ok(())
    }
}

/// A claim as a user reads it.
pub(crate) struct Shown<'a>(pub(crate) &'a AnyClaim);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown(claim) = self;
        let state = claim.state();
        let ClaimInput { title } = claim.input();
        write!(f, "{title}: `{}`, ", state.name)?;
        match claim {
            AnyClaim::Draft(claim) => match &claim.remark {
                Some(remark) => writeln!(f, "{}, handed back: {remark}", claim.amount)?,
                None => writeln!(f, "{}", claim.amount)?,
            },
            AnyClaim::Submitted(claim) => writeln!(f, "{}", claim.amount)?,
            AnyClaim::Approved(claim) => writeln!(f, "{}, {} open", claim.amount, claim.open)?,
            AnyClaim::Paid(claim) => writeln!(f, "{}", claim.amount)?,
            AnyClaim::Refused(claim) => writeln!(f, "{}, because: {}", claim.amount, claim.why)?,
        }
        writeln!(f, "{}", Exits(state))
    }
}
