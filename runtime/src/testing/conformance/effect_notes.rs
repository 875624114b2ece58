//! Notes about effects: outputs of branches that are undone by themselves, until the history has them.

use super::bench::{AnyStore, at, claim, commit, failed_attempts, go, hold, note, step};
use super::effects::{all, three, with};
use super::rollback::failure;
use crate::store::{Commit, EffectNote, Event, Progress, RunRow, Status};

fn output(undo: Option<(&'static str, u32)>) -> Progress {
    Progress::Output {
        output: vec![0, 255, b'"'],
        effect: undo.map(|(undo, number)| EffectNote {
            undo: undo.into(),
            number,
        }),
    }
}

/// Adds a run with two branches that are done and can be undone, one that is done and cannot, and one that has failed.
async fn noted(store: &AnyStore) -> (RunRow, [Progress; 2]) {
    let row = hold(store, "a").await;
    let effects = [
        output(Some(("cancel_air", 1))),
        output(Some(("cancel_rail", u32::MAX))),
    ];
    let attempts = Progress::Attempts {
        made: 3,
        called: 3,
        due: at(30),
        noted: at(5),
        waits: false,
        failed: failed_attempts(),
    };
    for (key, progress) in [
        ("1/quote", attempts.clone()),
        ("1/quote/1/air", effects[0].clone()),
        ("1/quote/1/rail", effects[1].clone()),
        ("1/quote/1/road", output(None)),
        ("1/quote/1/sea", attempts),
    ] {
        let noted = store.note(note(&row, key, progress)).await;
        noted.expect("it is noted");
    }
    (row, effects)
}

pub async fn outputs_with_an_effect_outlive_a_pause(store: AnyStore) {
    let (row, [air, rail]) = noted(&store).await;
    let paused = Commit {
        failure: Some(failure()),
        ..commit(&row, Event::Paused, Status::Paused)
    };
    let paused = go(&store, paused).await;
    assert_eq!((paused.rows, paused.undos), (1, 0), "they are notes still");
    let resumed = store.resume(&row.id, at(60).into()).await;
    resumed.expect("it is paused");
    let claimed = claim(&store, 60).await;
    let notes = claimed.notes.into_iter().map(|it| (it.key, it.progress));
    let expected = [("1/quote/1/air", air), ("1/quote/1/rail", rail)];
    assert_eq!(
        notes.collect::<Vec<_>>(),
        expected.map(|(key, progress)| (key.to_owned(), progress)),
        "attempts and outputs that nothing undoes are made anew"
    );
    // The branches that were called again are noted beside them.
    let again = note(&claimed.row, "1/quote/1/road", output(None));
    store.note(again).await.expect("it is noted");
    assert_eq!(claim(&store, 700).await.notes.len(), 3);
}

pub async fn outputs_with_an_effect_go_with_their_visit(store: AnyStore) {
    for event in [None, Some(Event::RollbackBegan)] {
        let (row, _) = noted(&store).await;
        let ends = match event {
            Some(event) => commit(&row, event, Status::RollingBack),
            None => step(&row, "Quoted"),
        };
        go(&store, with(three(&row), ends)).await;
        let claimed = claim(&store, 100).await;
        assert_eq!(claimed.notes, [], "the history has them now");
        let ends = commit(&claimed.row, Event::Ended, Status::Terminated);
        go(&store, ends).await;
        assert_eq!(store.purge(all()).await.expect("it is answered"), 1);
    }
}

pub async fn a_parked_run_keeps_outputs_with_an_effect(store: AnyStore) {
    let (row, _) = noted(&store).await;
    let reason = "somebody has to look".into();
    go(
        &store,
        commit(&row, Event::Parked { reason }, Status::Parked),
    )
    .await;
    let unparked = store.unpark(&row.id, at(60).into()).await;
    unparked.expect("it is parked");
    assert_eq!(claim(&store, 60).await.notes.len(), 5);
}
