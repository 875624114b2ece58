//! Claims and leases: the holder that may take a run up, and the time.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::bench::{
    AnyStore, LONG, VERSION, WORKFLOW, add, at, beat, claim, claim_at, claims, claims_of, end, get,
    give_back, go, hold, hold_by, lease, message, new, next, note, run_id, step,
};
use crate::store::{Claims, Lease, NewRun, Progress, WorkflowVersions};

pub async fn a_claim_counts_the_epoch(store: AnyStore) {
    let row = add(&store, "a").await;
    let first = claim(&store, 1).await;
    assert_eq!(first.row.epoch, row.epoch + 1);
    give_back(&store, &first.row, 2).await;
    let second = claim(&store, 3).await;
    assert_eq!(
        second.row.epoch,
        first.row.epoch + 1,
        "each claim has an epoch of its own"
    );
    assert_eq!(
        get(&store, &row.id).await.row.epoch,
        second.row.epoch,
        "and it is stored"
    );
}

pub async fn a_claim_gives_all_that_a_run_goes_on_with(store: AnyStore) {
    let row = hold(&store, "a").await;
    let row = go(&store, step(&row, "Reserved")).await;
    let attempts = Progress::Attempts {
        made: 3,
        called: 2,
        due: at(50),
        noted: at(20),
        waits: false,
        failed: Vec::new(),
    };
    store
        .note(note(&row, "", attempts.clone()))
        .await
        .expect("it is noted");
    store
        .send(message("a", "m").into())
        .await
        .expect("it is kept");
    let claimed = claim(&store, 100).await;
    assert_eq!((&*claimed.row.state, claimed.row.visit), ("Reserved", 1));
    assert_eq!(
        (claimed.input, claimed.payload),
        (b"input".to_vec(), b"Reserved".to_vec())
    );
    assert_eq!(claimed.notes.len(), 1);
    assert_eq!(
        (&*claimed.notes[0].key, &claimed.notes[0].progress),
        ("", &attempts)
    );
    assert_eq!(claimed.inbox, [message("a", "m")]);
}

pub async fn a_held_run_is_not_claimed(store: AnyStore) {
    add(&store, "a").await;
    assert_eq!(claim_at(&store, 0, 10).await.len(), 1);
    assert!(
        claim_at(&store, 50, 10).await.is_empty(),
        "somebody holds it"
    );
}

pub async fn a_run_is_claimed_when_its_lease_has_passed(store: AnyStore) {
    hold_by(&store, "a", lease(LONG)).await;
    hold_by(&store, "b", lease(Duration::ZERO)).await;
    let claimed = claim_at(&store, 1, 10).await;
    assert_eq!(claimed.len(), 1, "the lease of the other has not passed");
    assert_eq!(claimed[0].row.id, run_id("b"));
}

pub async fn a_lease_that_passed_counts_as_a_crash(store: AnyStore) {
    hold(&store, "a").await;
    assert_eq!(claim(&store, 100).await.row.crashes, 1);
    assert_eq!(claim(&store, 300).await.row.crashes, 2);
    assert_eq!(
        get(&store, &run_id("a")).await.row.crashes,
        2,
        "and that is stored"
    );
}

pub async fn a_run_that_was_given_back_has_not_crashed(store: AnyStore) {
    let row = hold(&store, "a").await;
    give_back(&store, &row, 5).await;
    assert_eq!(claim(&store, 6).await.row.crashes, 0);
}

pub async fn a_transition_clears_the_crashes(store: AnyStore) {
    hold(&store, "a").await;
    let claimed = claim(&store, 100).await;
    let row = go(&store, step(&claimed.row, "Reserved")).await;
    assert_eq!(
        row.crashes, 0,
        "crashes are those since the last transition"
    );
}

pub async fn a_claim_finds_its_own_workflow_only(store: AnyStore) {
    add(&store, "a").await;
    let other = NewRun {
        workflow: "Other".into(),
        ..new("b")
    };
    store.create(other).await.expect("it is created");
    let claimed = claim_at(&store, 1, 10).await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].row.id, run_id("a"));
}

pub async fn a_claim_takes_no_more_than_it_asks_for(store: AnyStore) {
    for number in 0..5 {
        add(&store, &format!("run-{number}")).await;
    }
    assert_eq!(claim_at(&store, 1, 0).await.len(), 0);
    assert_eq!(claim_at(&store, 1, 2).await.len(), 2);
    assert_eq!(
        claim_at(&store, 1, 10).await.len(),
        3,
        "the others are still there"
    );
}

pub async fn those_that_wait_longest_are_claimed_first(store: AnyStore) {
    for (id, started) in [("b", 1), ("c", 2), ("a", 3)] {
        let run = NewRun {
            at: at(started),
            ..new(id)
        };
        store.create(run).await.expect("it is created");
    }
    let mut order = Vec::new();
    for _ in 0..3 {
        order.extend(
            claim_at(&store, 9, 1)
                .await
                .into_iter()
                .map(|it| it.row.id.to_string()),
        );
    }
    assert_eq!(order, ["b", "c", "a"]);
}

pub async fn a_run_that_is_not_due_is_not_claimed(store: AnyStore) {
    let row = hold(&store, "a").await;
    give_back(&store, &row, 50).await;
    assert!(claim_at(&store, 49, 10).await.is_empty());
    assert_eq!(claim_at(&store, 50, 10).await.len(), 1);
}

pub async fn of_what_is_due_the_highest_priority_is_claimed_first(store: AnyStore) {
    for (id, priority, due) in [
        ("a", 0, 10),
        ("b", 7, 20),
        ("c", -1, 5),
        ("d", 7, 15),
        ("e", 9, 90),
    ] {
        let run = NewRun {
            due: Some(at(due)),
            priority,
            ..new(id)
        };
        store.create(run).await.expect("it is created");
    }
    let claimed = claim_at(&store, 30, 3).await;
    let ids: Vec<_> = claimed.iter().map(|it| it.row.id.to_string()).collect();
    assert_eq!(ids, ["d", "b", "a"], "`e` is not due, and `c` is the last");
}

pub async fn no_run_is_claimed_by_two(store: AnyStore) {
    for number in 0..40 {
        add(&store, &format!("run-{number}")).await;
    }
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claimed = claim_at(&store, 1, 3).await;
                if claimed.is_empty() {
                    return mine;
                }
                mine.extend(claimed.into_iter().map(|it| it.row.id));
                assert!(mine.len() <= 40, "each run is claimed once");
            }
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.expect("nothing panics"));
    }
    let distinct: HashSet<_> = all.iter().collect();
    assert_eq!(
        (all.len(), distinct.len()),
        (40, 40),
        "each run is claimed once"
    );
}

pub async fn a_version_that_the_caller_does_not_know_is_left_alone(store: AnyStore) {
    for (id, version) in [("a", 1), ("b", 2), ("c", 3)] {
        let run = NewRun { version, ..new(id) };
        store.create(run).await.expect("it is created");
    }
    let lease = lease(LONG);
    let before = get(&store, &run_id("b")).await;
    let old = [WorkflowVersions::one(WORKFLOW, 1)];
    let claims = claims_of(&store, old, 1, 10, lease).await;
    let ids: Vec<_> = claims.taken.iter().map(|it| it.row.id.text()).collect();
    assert_eq!((&*ids, claims.left), (&["a".into()][..], 0));
    is_about(
        claims.next,
        3_600,
        "the end of the lease of `a`, and not `b`",
    );
    assert_eq!(get(&store, &run_id("b")).await, before, "it is as it was");
    let new = [WorkflowVersions {
        workflow: WORKFLOW.into(),
        versions: vec![2, 3],
    }];
    let claims = claims_of(&store, new, 1, 10, lease).await;
    assert_eq!(claims.taken.len(), 2, "`b` and `c`");
}

pub async fn one_claim_takes_runs_of_several_workflows(store: AnyStore) {
    let all = ["Order", "Refund", "Delivery"];
    for (id, workflow, due) in [
        ("d", "Other", 10),
        ("b", "Order", 20),
        ("a", "Refund", 30),
        ("c", "Delivery", 40),
    ] {
        let run = NewRun {
            workflow: workflow.into(),
            at: at(due),
            ..new(id)
        };
        store.create(run).await.expect("it is created");
    }
    let known = all.map(|workflow| WorkflowVersions::one(workflow, VERSION));
    let taken = |claims: &Claims| -> Vec<_> {
        let taken = claims.taken.iter();
        taken.map(|it| it.row.id.text().into_owned()).collect()
    };
    let lease = lease(LONG);
    let first = claims_of(&store, known.clone(), 45, 2, lease).await;
    assert_eq!(taken(&first), ["b", "a"], "those that were due for longest");
    assert_eq!(first.next, Some(Duration::ZERO), "`c` is due");
    let second = claims_of(&store, known.clone(), 45, 2, lease).await;
    assert_eq!(taken(&second), ["c"]);
    is_about(second.next, 3_600, "the end of their leases");
    let none = claims_of(&store, [], 99, 10, lease).await;
    assert_eq!(none, Claims::default(), "who knows nothing gets nothing");
}

pub async fn a_claim_says_when_the_first_run_is_due(store: AnyStore) {
    assert_eq!(next(&store, 10).await, None, "nothing waits");
    let other = NewRun {
        workflow: "Other".into(),
        ..new("x")
    };
    store.create(other).await.expect("it is created");
    assert_eq!(
        next(&store, 10).await,
        None,
        "nothing of this workflow waits"
    );
    for (id, due) in [("a", 700), ("b", 400)] {
        let row = hold(&store, id).await;
        give_back(&store, &row, due).await;
    }
    is_about(next(&store, 10).await, 390, "`b` is due at 400");
    is_about(next(&store, 100).await, 300, "`b` is due at 400");
    let claimed = claim_at(&store, 400, 10).await.remove(0);
    is_about(next(&store, 400).await, 300, "`a` is due at 700");
    end(&store, &claimed.row).await;
    is_about(next(&store, 400).await, 300, "`a` is due at 700");
    assert_eq!(next(&store, 701).await, Some(Duration::ZERO), "`a` is due");
}

/// A check takes less than a minute.
#[track_caller]
fn is_about(wait: Option<Duration>, seconds: u64, why: &str) {
    let wait = wait.expect("something waits");
    let longest = Duration::from_secs(seconds);
    let is_about = wait <= longest && wait + Duration::from_mins(1) > longest;
    assert!(is_about, "{why}, so not in {wait:?}");
}

pub async fn a_claim_says_when_the_first_lease_passes(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    is_about(next(&store, 10).await, 3_600, "the end of its lease");
    let beats = store
        .heartbeat(beat(&[&row], LONG * 2))
        .await
        .expect("it is answered");
    assert!(beats.is_empty(), "there is nothing to hear: {beats:?}");
    is_about(next(&store, 10).await, 7_200, "the end of its new lease");
    is_about(next(&store, 10).await, 7_200, "whatever time it is");
}

pub async fn a_heartbeat_extends_a_claim(store: AnyStore) {
    let row = hold(&store, "a").await;
    store
        .heartbeat(beat(&[&row], LONG))
        .await
        .expect("it is answered");
    assert!(
        claim_at(&store, 150, 10).await.is_empty(),
        "it is held, though its lease had passed"
    );
    store
        .heartbeat(beat(&[&row], Duration::ZERO))
        .await
        .expect("it is answered");
    assert_eq!(claim_at(&store, 200, 10).await.len(), 1);
}

pub async fn a_heartbeat_does_not_revive_a_lost_claim(store: AnyStore) {
    let lost = hold(&store, "a").await;
    let taken = claim(&store, 100).await;
    let beats = store
        .heartbeat(beat(&[&lost], LONG))
        .await
        .expect("it is answered");
    assert!(
        matches!(&*beats, [beat] if beat.is_lost && beat.run == lost.id),
        "its holder hears that it is lost: {beats:?}"
    );
    let again = claim_at(&store, 250, 10).await;
    assert_eq!(again.len(), 1, "the lease of the other is as it was");
    assert_eq!(again[0].row.epoch, taken.row.epoch + 1);
}

pub async fn a_heartbeat_of_an_ended_run_says_so(store: AnyStore) {
    let row = hold(&store, "a").await;
    let ended = end(&store, &row).await;
    let beats = store
        .heartbeat(beat(&[&ended], LONG))
        .await
        .expect("it is answered");
    assert!(
        matches!(&*beats, [beat] if beat.is_lost),
        "nobody holds it: {beats:?}"
    );
}

pub async fn a_heartbeat_of_one_run_does_not_touch_another(store: AnyStore) {
    let one = hold(&store, "a").await;
    hold(&store, "b").await;
    store
        .heartbeat(beat(&[&one], LONG))
        .await
        .expect("it is answered");
    let claimed = claim(&store, 100).await;
    assert_eq!(claimed.row.id, run_id("b"));
    let own = claims(&store, 600, 9, lease(Duration::ZERO)).await;
    assert_eq!(
        own.taken.len(),
        1,
        "it is claimed once, also by a lease that is over at once"
    );
}

pub async fn a_holder_is_not_given_what_it_holds(store: AnyStore) {
    let mine = Lease {
        duration: Duration::ZERO,
        ..lease(LONG)
    };
    let row = hold_by(&store, "a", mine).await;
    let longer = Lease {
        duration: LONG,
        ..mine
    };
    let claimed = claims(&store, 500, 10, longer).await;
    assert!(
        claimed.taken.is_empty(),
        "it drives it already: {claimed:?}"
    );
    assert_eq!(
        claimed.own,
        std::slice::from_ref(&row),
        "and its row is as it was"
    );
    assert!(
        claim_at(&store, 1_000, 10).await.is_empty(),
        "its lease was extended"
    );
    go(&store, step(&row, "Reserved")).await;
}

pub async fn what_a_holder_holds_takes_no_place_of_others(store: AnyStore) {
    let mine = lease(Duration::ZERO);
    for id in ["a", "b", "c"] {
        hold_by(&store, id, mine).await;
    }
    add(&store, "d").await;
    let claimed = claims(&store, 500, 1, mine).await;
    assert_eq!((claimed.taken.len(), claimed.own.len()), (1, 3));
    assert_eq!(claimed.taken[0].row.id, run_id("d"));
}

pub async fn a_lease_is_not_measured_by_the_clock_of_a_caller(store: AnyStore) {
    hold_by(&store, "a", lease(LONG)).await;
    assert!(
        claim_at(&store, 86_400, 10).await.is_empty(),
        "law 8: a clock that jumps ends no lease"
    );
}

pub async fn a_run_that_only_waited_has_not_crashed(store: AnyStore) {
    let row = hold(&store, "a").await;
    let attempts = |waits| Progress::Attempts {
        made: 1,
        called: 1,
        due: at(50),
        noted: at(20),
        waits,
        failed: Vec::new(),
    };
    let noted = store.note(note(&row, "1/charge", attempts(true))).await;
    noted.expect("it is noted");
    assert!(get(&store, &row.id).await.row.waits, "its row says so");
    let claimed = claim(&store, 1).await;
    assert_eq!(claimed.row.crashes, 0, "nothing of it was under way");
    let noted = store.note(note(&claimed.row, "1/charge", attempts(false)));
    noted.await.expect("it is noted");
    assert_eq!(claim(&store, 2).await.row.crashes, 1, "it goes on");
}

pub async fn a_wait_whose_lease_has_just_passed_comes_behind_what_was_due_before(store: AnyStore) {
    let row = hold(&store, "a").await;
    let attempts = Progress::Attempts {
        made: 1,
        called: 1,
        due: at(50),
        noted: at(20),
        waits: true,
        failed: Vec::new(),
    };
    let noted = store.note(note(&row, "1/charge", attempts)).await;
    noted.expect("it is noted");
    add(&store, "b").await;
    let first = claim_at(&store, 100, 1).await;
    assert_eq!(first[0].row.id, run_id("b"), "it is due for 100 seconds");
    let second = claim_at(&store, 100, 1).await;
    assert_eq!(second[0].row.id, row.id, "its lease has passed just now");
}

pub async fn a_run_does_not_wait_behind_its_next_transition(store: AnyStore) {
    let row = hold(&store, "a").await;
    let attempts = Progress::Attempts {
        made: 1,
        called: 1,
        due: at(5_000),
        noted: at(20),
        waits: true,
        failed: Vec::new(),
    };
    let noted = store.note(note(&row, "1/charge", attempts)).await;
    noted.expect("it is noted");
    let row = go(&store, step(&row, "Charged")).await;
    assert!(!row.waits);
    assert_eq!(claim(&store, 60).await.row.crashes, 1);
}
