//! Claims and leases: who may take a run up, and when.

use std::collections::HashSet;
use std::sync::Arc;

use super::bench::{
    AnyStore, WORKFLOW, add, at, beat, claim, claim_at, end, get, give_back, go, hold, message,
    new, note, step,
};
use crate::store::{Claim, Created, NewRun, Progress};

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
    };
    store
        .note(note(&row, "", attempts.clone()))
        .await
        .expect("it is noted");
    store.send(message("a", "m")).await.expect("it is kept");
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
    claim(&store, 0).await;
    assert!(
        claim_at(&store, 50, 10).await.is_empty(),
        "somebody holds it until 100"
    );
}

pub async fn a_run_is_claimed_when_its_lease_has_passed(store: AnyStore) {
    hold(&store, "a").await;
    assert!(
        claim_at(&store, 99, 10).await.is_empty(),
        "its lease has not passed"
    );
    assert_eq!(
        claim_at(&store, 100, 10).await.len(),
        1,
        "its lease has passed"
    );
}

pub async fn a_lease_that_passed_counts_as_a_crash(store: AnyStore) {
    hold(&store, "a").await;
    assert_eq!(claim(&store, 100).await.row.crashes, 1);
    assert_eq!(claim(&store, 300).await.row.crashes, 2);
    assert_eq!(
        get(&store, &"a".into()).await.row.crashes,
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
    assert_eq!(claimed[0].row.id, "a".into());
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
    for (id, started) in [("a", 3), ("b", 1), ("c", 2)] {
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

pub async fn next_due_is_the_first_that_may_be_claimed(store: AnyStore) {
    assert_eq!(next(&store).await, None, "nothing waits");
    let other = NewRun {
        workflow: "Other".into(),
        ..new("x")
    };
    store.create(other).await.expect("it is created");
    assert_eq!(next(&store).await, None, "nothing of this workflow waits");
    for (id, due) in [("a", 70), ("b", 40)] {
        let row = hold(&store, id).await;
        give_back(&store, &row, due).await;
    }
    assert_eq!(next(&store).await, Some(at(40)));
    let claimed = claim(&store, 40).await;
    assert_eq!(next(&store).await, Some(at(70)), "`b` is held");
    end(&store, &claimed.row).await;
    assert_eq!(next(&store).await, Some(at(70)));
}

async fn next(store: &AnyStore) -> Option<std::time::SystemTime> {
    store.next_due(WORKFLOW).await.expect("it is answered")
}

pub async fn next_due_waits_for_leases(store: AnyStore) {
    let row = hold(&store, "a").await;
    assert_eq!(next(&store).await, Some(at(100)), "the end of its lease");
    let beats = store
        .heartbeat(beat(&[&row], 300))
        .await
        .expect("it is answered");
    assert!(beats.is_empty(), "there is nothing to hear: {beats:?}");
    assert_eq!(next(&store).await, Some(at(300)));
}

pub async fn a_heartbeat_extends_a_claim(store: AnyStore) {
    let row = hold(&store, "a").await;
    store
        .heartbeat(beat(&[&row], 200))
        .await
        .expect("it is answered");
    assert!(
        claim_at(&store, 150, 10).await.is_empty(),
        "it is held until 200"
    );
    assert_eq!(claim_at(&store, 200, 10).await.len(), 1);
}

pub async fn a_heartbeat_does_not_revive_a_lost_claim(store: AnyStore) {
    let lost = hold(&store, "a").await;
    let taken = claim(&store, 100).await;
    let beats = store
        .heartbeat(beat(&[&lost], 900))
        .await
        .expect("it is answered");
    assert!(
        matches!(&*beats, [beat] if beat.is_lost && beat.run == lost.id),
        "its holder hears that it is lost: {beats:?}"
    );
    let again = claim_at(&store, 250, 10).await;
    assert_eq!(
        again.len(),
        1,
        "the lease of the other is as it was, until 200"
    );
    assert_eq!(again[0].row.epoch, taken.row.epoch + 1);
}

pub async fn a_heartbeat_of_an_ended_run_says_so(store: AnyStore) {
    let row = hold(&store, "a").await;
    let ended = end(&store, &row).await;
    let beats = store
        .heartbeat(beat(&[&ended], 900))
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
        .heartbeat(beat(&[&one], 500))
        .await
        .expect("it is answered");
    let claimed = claim(&store, 100).await;
    assert_eq!(claimed.row.id, "b".into());
    let lease_in_the_past = Claim {
        workflow: WORKFLOW.into(),
        now: at(600),
        lease: at(600),
        limit: 9,
    };
    let claimed = store
        .claim(lease_in_the_past)
        .await
        .expect("it is answered");
    assert_eq!(
        claimed.len(),
        2,
        "each is claimed once, also by a lease that is over at once"
    );
    assert!(matches!(store.create(new("c")).await, Ok(Created::New(_))));
}
