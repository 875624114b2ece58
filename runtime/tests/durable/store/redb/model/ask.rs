//! Random requests to a store.

use proptest::prelude::*;
use stateway::store::{Status, Stop};

/// A request. Numbers are taken modulo the number of things there are.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    Create {
        run: u8,
        /// Two of these are versions of another.
        workflow: u8,
        input: u8,
        is_held: bool,
        due: Option<u8>,
        priority: i8,
        again: bool,
    },
    Claim {
        /// A bit for each of the workflows that runs are created of.
        known: u8,
        limit: u8,
        holder: u8,
        lease: u8,
        suspects: u8,
    },
    Commit {
        run: u8,
        what: What,
        release: Option<u8>,
        /// Added to what the run has, so that most commits are right.
        epoch: u8,
        sequence: i8,
        consumed: Vec<u8>,
        /// The number of effects of the visit.
        effects: u8,
        /// A run that is sent a message, after one with this id was started.
        sends: Option<u8>,
    },
    Release {
        run: u8,
        due: Option<u8>,
        messages: u8,
        epoch: u8,
        /// The number of askings of a poll, if it was asked.
        asked: Option<u8>,
    },
    /// The last commit once more, or another in the order of its entries and effects.
    Again {
        other: bool,
    },
    Note {
        run: u8,
        key: u8,
        output: Option<u8>,
        /// True if the output is of a branch that can be undone by itself.
        has_effect: bool,
        waits: bool,
        epoch: u8,
    },
    Heartbeat {
        lease: u8,
    },
    Stop {
        run: u8,
        stop: Stop,
    },
    Send {
        run: u8,
        id: u8,
    },
    Unpark {
        run: u8,
    },
    Pause {
        run: u8,
    },
    Resume {
        run: u8,
    },
    RetryNow {
        run: u8,
    },
    RetryRollback {
        run: u8,
    },
    Purge {
        workflow: Option<u8>,
        ago: u8,
        limit: u8,
    },
    List {
        workflow: Option<u8>,
        status: Option<Status>,
        after: Option<u8>,
        limit: u8,
        newest_first: bool,
    },
    Read {
        run: u8,
        from: u8,
        limit: u8,
    },
    Wait {
        seconds: u8,
    },
    /// The wall clock is set.
    SetClock {
        seconds: i16,
    },
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Go {
        undo: bool,
        status: Status,
    },
    /// A transition that stays in its state, where this number of timers have fired.
    Stay {
        fired: u8,
    },
    Begin,
    Undone,
    NotUndone,
    Parked,
    Paused,
    Ended {
        status: Status,
    },
}

pub(crate) const STATUSES: [Status; 8] = [
    Status::Running,
    Status::RollingBack,
    Status::Parked,
    Status::Paused,
    Status::Done,
    Status::Failed,
    Status::Cancelled,
    Status::Terminated,
];

pub(crate) fn status() -> impl Strategy<Value = Status> {
    prop::sample::select(&STATUSES[..])
}

pub(crate) fn what() -> impl Strategy<Value = What> {
    let going = prop::sample::select(vec![
        Status::Running,
        Status::Running,
        Status::Running,
        Status::RollingBack,
        Status::Done,
    ]);
    let ends = prop::sample::select(&STATUSES[5..]);
    prop_oneof![
        6 => (any::<bool>(), going).prop_map(|(undo, status)| What::Go { undo, status }),
        2 => (0u8..3).prop_map(|fired| What::Stay { fired }),
        1 => Just(What::Begin),
        2 => Just(What::Undone),
        1 => Just(What::NotUndone),
        1 => Just(What::Parked),
        1 => Just(What::Paused),
        1 => ends.prop_map(|status| What::Ended { status }),
    ]
}

pub(crate) fn ask() -> impl Strategy<Value = Ask> {
    let some = || prop::option::weighted(0.3, 0u8..4);
    let sends = || prop::option::weighted(0.2, 0u8..5);
    let effects = || prop_oneof![3 => Just(0u8), 1 => 1u8..4];
    let epoch = || prop::sample::select(vec![0, 0, 0, 0, 0, 0, 0, 1]);
    prop_oneof![
        3 => (0u8..5, 0u8..4, 0u8..2, any::<bool>(), some(), -1i8..2, any::<bool>())
            .prop_map(|(run, workflow, input, is_held, due, priority, again)| {
                Ask::Create { run, workflow, input, is_held, due, priority, again }
            }),
        3 => (1u8..16, 0u8..4, 0u8..3, 0u8..60, 0u8..2)
            .prop_map(|(known, limit, holder, lease, suspects)| {
                Ask::Claim { known, limit, holder, lease, suspects }
            }),
        12 => (0u8..5, what(), some(), epoch(), -1i8..2, prop::collection::vec(0u8..3, 0..2), effects(), sends())
            .prop_map(|(run, what, release, epoch, sequence, consumed, effects, sends)| {
                // Most of them expect what is there.
                let sequence = if epoch == 1 { sequence } else { 0 };
                Ask::Commit { run, what, release, epoch, sequence, consumed, effects, sends }
            }),
        2 => (0u8..5, prop::option::of(0u8..4), 0u8..2, epoch(), some())
            .prop_map(|(run, due, messages, epoch, asked)| {
                Ask::Release { run, due, messages, epoch, asked }
            }),
        1 => any::<bool>().prop_map(|other| Ask::Again { other }),
        3 => (0u8..5, 0u8..4, some(), any::<bool>(), any::<bool>(), epoch())
            .prop_map(|(run, key, output, has_effect, waits, epoch)| {
                Ask::Note { run, key, output, has_effect, waits, epoch }
            }),
        1 => (0u8..60).prop_map(|lease| Ask::Heartbeat { lease }),
        1 => (0u8..5, prop::sample::select(vec![Stop::Cancel, Stop::Terminate]))
            .prop_map(|(run, stop)| Ask::Stop { run, stop }),
        2 => (0u8..5, 0u8..4).prop_map(|(run, id)| Ask::Send { run, id }),
        1 => (0u8..5).prop_map(|run| Ask::Unpark { run }),
        2 => (0u8..5).prop_map(|run| Ask::Pause { run }),
        1 => (0u8..5).prop_map(|run| Ask::Resume { run }),
        2 => (0u8..5).prop_map(|run| Ask::RetryNow { run }),
        2 => (0u8..5).prop_map(|run| Ask::RetryRollback { run }),
        1 => (prop::option::of(0u8..2), 0u8..30, 0u8..4)
            .prop_map(|(workflow, ago, limit)| Ask::Purge { workflow, ago, limit }),
        1 => (prop::option::of(0u8..2), prop::option::of(status()), some(), 0u8..6, any::<bool>())
            .prop_map(|(workflow, status, after, limit, newest_first)| {
                Ask::List { workflow, status, after, limit, newest_first }
            }),
        1 => (0u8..5, 0u8..6, 0u8..6).prop_map(|(run, from, limit)| Ask::Read { run, from, limit }),
        2 => (0u8..30).prop_map(|seconds| Ask::Wait { seconds }),
        1 => (-3_600i16..3_600).prop_map(|seconds| Ask::SetClock { seconds }),
    ]
}
