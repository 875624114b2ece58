//! Notes about the current visit.

use super::bench::{
    AnyStore, at, claim, failed_attempts, get, give_back, go, hold, is_fenced, note, park, step,
};
use crate::store::Progress;

fn attempts(made: u32) -> Progress {
    Progress::Attempts {
        made,
        called: made - 1,
        due: at(u64::from(made)),
        noted: at(1),
        waits: false,
        failed: Vec::new(),
    }
}

pub async fn a_note_is_given_to_the_next_claim(store: AnyStore) {
    let row = hold(&store, "a").await;
    store
        .note(note(&row, "", attempts(3)))
        .await
        .expect("it is noted");
    let claimed = claim(&store, 100).await;
    assert_eq!(claimed.notes, [note(&row, "", attempts(3)).note]);
}

pub async fn a_note_replaces_the_one_before(store: AnyStore) {
    let row = hold(&store, "a").await;
    for made in 1..=3 {
        store
            .note(note(&row, "1/credit", attempts(made)))
            .await
            .expect("it is noted");
    }
    store
        .note(note(&row, "1/credit", Progress::output(vec![1])))
        .await
        .expect("it is noted");
    let claimed = claim(&store, 100).await;
    assert_eq!(
        claimed.notes,
        [note(&row, "1/credit", Progress::output(vec![1])).note]
    );
}

pub async fn failed_attempts_are_noted(store: AnyStore) {
    let row = hold(&store, "a").await;
    let mut progress = attempts(3);
    if let Progress::Attempts { failed, .. } = &mut progress {
        *failed = failed_attempts();
    }
    let note = note(&row, "1/pay", progress);
    store.note(note.clone()).await.expect("it is noted");
    assert_eq!(claim(&store, 100).await.notes, [note.note]);
}

pub async fn attempts_are_told_of_a_run_and_outputs_are_not(store: AnyStore) {
    let row = hold(&store, "a").await;
    assert_eq!(get(&store, &row.id).await.attempts, []);
    for (key, progress) in [
        ("1/quote/1/rail", attempts(3)),
        ("1/quote", attempts(1)),
        ("1/quote/1/air", Progress::output(vec![1])),
    ] {
        let noted = store.note(note(&row, key, progress)).await;
        noted.expect("it is noted");
    }
    let told = get(&store, &row.id).await.attempts;
    let told: Vec<_> = told
        .iter()
        .map(|note| (&*note.key, &note.progress))
        .collect();
    let (one, other) = (attempts(1), attempts(3));
    assert_eq!(told, [("1/quote", &one), ("1/quote/1/rail", &other)]);
    go(&store, step(&row, "Reserved")).await;
    assert_eq!(get(&store, &row.id).await.attempts, []);
}

pub async fn notes_come_in_the_order_of_their_keys(store: AnyStore) {
    let row = hold(&store, "a").await;
    let other = hold(&store, "a/1").await;
    for key in ["1/fraud", "", "1/credit", "1/chunk/10"] {
        store
            .note(note(&row, key, attempts(1)))
            .await
            .expect("it is noted");
    }
    store
        .note(note(&other, "x", attempts(1)))
        .await
        .expect("it is noted");
    let claimed = super::bench::claim_at(&store, 100, 10).await;
    let claimed = claimed
        .iter()
        .find(|it| it.row.id == row.id)
        .expect("it is due");
    let keys: Vec<_> = claimed.notes.iter().map(|note| &*note.key).collect();
    assert_eq!(
        keys,
        ["", "1/chunk/10", "1/credit", "1/fraud"],
        "and none of another run"
    );
}

pub async fn a_transition_drops_the_notes(store: AnyStore) {
    let row = hold(&store, "a").await;
    store
        .note(note(&row, "", attempts(1)))
        .await
        .expect("it is noted");
    let moved = go(&store, step(&row, "Reserved")).await;
    store
        .note(note(&moved, "new", attempts(2)))
        .await
        .expect("it is noted");
    let claimed = claim(&store, 100).await;
    assert_eq!(
        claimed.notes,
        [note(&moved, "new", attempts(2)).note],
        "those of the visit before are gone"
    );
}

pub async fn a_run_that_is_given_back_keeps_its_notes(store: AnyStore) {
    let row = hold(&store, "a").await;
    store
        .note(note(&row, "", attempts(1)))
        .await
        .expect("it is noted");
    give_back(&store, &row, 20).await;
    assert_eq!(
        claim(&store, 20).await.notes,
        [note(&row, "", attempts(1)).note]
    );
}

pub async fn a_note_does_not_count_the_sequence(store: AnyStore) {
    let row = hold(&store, "a").await;
    store
        .note(note(&row, "", attempts(1)))
        .await
        .expect("it is noted");
    assert_eq!(get(&store, &row.id).await.row.sequence, row.sequence);
    go(&store, step(&row, "Reserved")).await;
}

pub async fn a_note_of_an_old_epoch_is_refused(store: AnyStore) {
    let lost = hold(&store, "a").await;
    claim(&store, 100).await;
    is_fenced(
        &store.note(note(&lost, "", attempts(1))).await,
        "the run was claimed again",
    );
    assert!(
        claim(&store, 300).await.notes.is_empty(),
        "law 4: and nothing was noted"
    );
}

pub async fn a_note_about_an_old_visit_is_refused(store: AnyStore) {
    let row = hold(&store, "a").await;
    go(&store, step(&row, "Reserved")).await;
    is_fenced(
        &store.note(note(&row, "", attempts(1))).await,
        "the run has moved on",
    );
    assert!(claim(&store, 100).await.notes.is_empty());
}

pub async fn an_output_comes_back_byte_by_byte(store: AnyStore) {
    let row = hold(&store, "a").await;
    let output: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    store
        .note(note(&row, "1/scan", Progress::output(output.clone())))
        .await
        .expect("it is noted");
    let claimed = claim(&store, 100).await;
    assert!(
        claimed.notes[0].progress == Progress::output(output),
        "every byte is as it was"
    );
}

pub async fn a_parked_run_keeps_its_notes(store: AnyStore) {
    let row = hold(&store, "a").await;
    let output = Progress::output(b"output".to_vec());
    let kept = store.note(note(&row, "1/go/1/left", output)).await;
    kept.expect("it is kept");
    let row = park(&store, &row).await;
    store
        .unpark(&row.id, at(60).into())
        .await
        .expect("it is parked");
    let claimed = claim(&store, 60).await;
    assert_eq!(claimed.notes.len(), 1, "what had ended does not run again");
}
