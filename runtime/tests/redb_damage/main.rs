//! Files of a `RedbStore` that were damaged: nothing that is done with one panics, and what is not as it was is said.
//!
//! A store with runs of every kind is written once. Then a copy of its bytes is damaged and opened, and all that it
//! answers is compared with what the undamaged one answers: each answer is the same, or an error, or the run is listed
//! as one that cannot be read. What can be read goes on.

#[allow(dead_code, reason = "each test uses its part")]
#[path = "../support/disk.rs"]
mod disk;
mod harm;
mod judge;
mod model;

use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::Once;
use std::thread;

use fastrand::Rng;
use harm::Harm;
use judge::Verdict;
use model::Model;

/// What redb says as it trips over a damaged page is of no interest here.
fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = take_hook();
        set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            let place = info.location().map_or("", |place| place.file());
            if !place.contains("redb-") && !place.starts_with("/rustc/") {
                hook(info);
            }
        }));
    });
}

/// Damages the file in one way again and again. A thread of its own has a stack of the usual size.
fn judge_all(harm: Harm, rounds: u64) {
    hush();
    let work = move || {
        let mut tally = judge::Tally::default();
        for is_closed in [true, false] {
            let model = Model::write(is_closed);
            for round in 0..rounds / 2 {
                let mut draw = Rng::with_seed(round * 2 + u64::from(is_closed));
                let mut bytes = model.bytes.clone();
                let what = harm.harm(&mut bytes, &mut draw);
                let verdict = judge::judge(&model, bytes);
                let case = format!("{harm:?} {round}, closed {is_closed}: {what}");
                match &verdict {
                    Verdict::Silent(why) => println!("{case}: SILENT: {why}"),
                    Verdict::Refused(_) | Verdict::Partly | Verdict::Whole => {}
                }
                tally.add(&verdict);
            }
        }
        println!("{harm:?}: {tally:?}");
        assert_eq!(tally.silent, 0, "{harm:?}: {tally:?}");
    };
    thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn an_undamaged_file_is_whole() {
    for is_closed in [true, false] {
        let model = Model::write(is_closed);
        let verdict = judge::judge(&model, model.bytes.clone());
        assert!(matches!(verdict, Verdict::Whole), "{verdict:?}");
    }
}

#[test]
fn a_zeroed_page_changes_nothing_silently() {
    judge_all(Harm::Zeroed, 300);
}

#[test]
fn a_flipped_bit_changes_nothing_silently() {
    judge_all(Harm::Flipped, 600);
}

#[test]
fn a_file_that_was_cut_off_changes_nothing_silently() {
    judge_all(Harm::Cut, 300);
}

#[test]
fn garbage_changes_nothing_silently() {
    judge_all(Harm::Garbage, 300);
}

#[test]
fn a_page_in_the_place_of_another_changes_nothing_silently() {
    judge_all(Harm::Misplaced, 300);
}
