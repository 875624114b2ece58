//! The bytes of effects count, so that too many are refused before they are written.

use std::time::UNIX_EPOCH;

use super::*;
use crate::run::RunId;
use crate::store::{EffectNote, NoteRow, RunRow, Source, Status};

const LARGE: usize = 10_000;

fn row() -> RunRow {
    let run = RunId::from_static("o-7");
    RunRow::new(&NewRun::new(run, "Order", 1, "Placed", UNIX_EPOCH))
}

#[test]
fn what_an_effect_has_is_counted() {
    let large = || "x".repeat(LARGE);
    let effect = |branch: Option<String>, output: String, source| Event::Effect {
        transition: "quote".into(),
        visit: 1,
        branch,
        output: output.into_bytes(),
        state: "Placed".into(),
        source,
        undo: "cancel".into(),
    };
    let effects = [
        effect(Some(large()), String::new(), Source::Before(1)),
        effect(None, large(), Source::Before(1)),
        effect(None, String::new(), Source::Here(large().into_bytes())),
    ];
    let plain = Commit::new(&row(), Event::Ended, Status::Failed, UNIX_EPOCH);
    let small = of_commit(&plain);
    for number in 0..=effects.len() {
        let commit = Commit {
            effects: effects[..number].to_vec(),
            ..plain.clone()
        };
        assert!(of_commit(&commit) >= small + number * (LARGE + RECORD));
    }
}

#[test]
fn how_an_output_is_undone_is_counted() {
    let row = row();
    let size = |undo: &str| {
        of_note(&Note {
            run: row.id.clone(),
            epoch: row.epoch,
            sequence: row.sequence,
            note: NoteRow {
                key: "1/quote/1/air".to_owned(),
                progress: Progress::Output {
                    output: Vec::new(),
                    effect: Some(EffectNote {
                        undo: undo.to_owned().into(),
                        number: 1,
                    }),
                },
            },
            is_boundary: false,
        })
    };
    assert_eq!(size(&"x".repeat(LARGE)), size("") + LARGE);
}
