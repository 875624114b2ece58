//! The approval of an expense, as a declaration and its handlers.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use stateway::prelude::*;

/// Who decided, and what there is to say about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Decision {
    pub(crate) by: String,
    #[serde(default)]
    pub(crate) comment: String,
}

/// A comment on an expense.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Comment {
    pub(crate) by: String,
    pub(crate) text: String,
}

workflow! {
    /// An expense waits for its group, then for the board, and expires at last.
    #[durable(version = 1)]
    #[derive(Debug, Clone, PartialEq)]
    pub(crate) workflow Expense {
        input { employee: String, cents: u64 }

        start  Submitted { #[index] group: String, patience: Duration, comments: Vec<Comment>, reminders: u32 };
        state  Escalated { #[index] group: String, until: SystemTime };
        done   Approved { by: String, comment: String, late: bool };
        done   Rejected { by: String, comment: String };
        failed Expired;

        signal approve(Decision): Submitted | Escalated -> Approved;
        signal reject(Decision): Submitted | Escalated -> Rejected;
        /// It is still the group that decides, and it has no more time for that.
        signal comment(Comment) answers usize: Submitted;
        /// The group is told again what waits for it.
        timer  remind every 1d: Submitted;
        /// The board may still decide.
        timer  escalate after patience: Submitted -> Escalated;
        timer  expire at until: Escalated -> Expired;
    }
}

/// Decides nothing itself: the people do.
pub(crate) struct Office {
    /// The time that the board has.
    pub(crate) last_call: Duration,
}

impl ExpenseSteps for Office {
    type Error = std::convert::Infallible;

    async fn approve(
        &self,
        from: ApproveFrom,
        Decision { by, comment }: Decision,
        step: &Step<OnApprove>,
    ) -> Result<OnApprove, Self::Error> {
        let late = matches!(from, ApproveFrom::Escalated(_));
        Ok(step.to(Approved { by, comment, late }))
    }

    async fn reject(
        &self,
        _: RejectFrom,
        Decision { by, comment }: Decision,
        step: &Step<OnReject>,
    ) -> Result<OnReject, Self::Error> {
        Ok(step.to(Rejected { by, comment }))
    }

    async fn comment(
        &self,
        submitted: &mut Submitted,
        comment: Comment,
        _: &Step<OnComment>,
    ) -> Result<usize, Self::Error> {
        submitted.comments.push(comment);
        Ok(submitted.comments.len())
    }

    async fn remind(
        &self,
        submitted: &mut Submitted,
        step: &Step<OnRemind>,
    ) -> Result<(), Self::Error> {
        submitted.reminders += 1;
        let Submitted {
            group, reminders, ..
        } = submitted;
        println!("to {group}: {} waits, reminder {reminders}", step.run_id());
        Ok(())
    }

    async fn escalate(
        &self,
        _: Submitted,
        step: &Step<OnEscalate>,
    ) -> Result<OnEscalate, Self::Error> {
        Ok(step.to(Escalated {
            group: "board".to_owned(),
            until: SystemTime::now() + self.last_call,
        }))
    }

    async fn expire(&self, _: Escalated, step: &Step<OnExpire>) -> Result<OnExpire, Self::Error> {
        Ok(step.to(Expired))
    }
}
