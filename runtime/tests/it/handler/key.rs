//! The idempotency key: one for each visit to a transition.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Mutex;

use stateway::prelude::*;
use stateway::{Key, RunId};

workflow! {
    workflow Import {
        start Importing { page: u32 };
        done Imported;
        step import as Imports: Importing -> Importing | Imported;
    }
}

/// Imports three pages and remembers what each visit was identified by.
#[derive(Default)]
struct Pages {
    visits: Mutex<Vec<(Key, RunId)>>,
}

impl ImportSteps for Pages {
    type Error = Infallible;

    async fn import(&self, at: Importing, step: &Step<Imports>) -> Result<Imports, Infallible> {
        assert_eq!(step.key(), step.key());
        assert_eq!(step.attempt(), 1);
        let visit = (step.key(), step.run_id().clone());
        self.visits.lock().unwrap().push(visit);
        Ok(if at.page < 2 {
            step.to(Importing { page: at.page + 1 })
        } else {
            step.to(Imported)
        })
    }
}

fn visits_of_two_runs() -> Vec<(Key, RunId)> {
    let pages = Pages::default();
    for _ in 0..2 {
        let run = Import::start(Importing { page: 0 }).run(&pages);
        assert!(pollster::block_on(run).is_ok());
    }
    pages.visits.into_inner().unwrap()
}

#[test]
fn every_visit_of_every_run_has_a_key_of_its_own() {
    let visits = visits_of_two_runs();
    let keys: HashSet<String> = visits.iter().map(|(key, _)| key.to_string()).collect();
    assert_eq!(keys.len(), 6);
}

#[test]
fn all_visits_of_a_run_share_its_id() {
    let visits = visits_of_two_runs();
    let ids: HashSet<&RunId> = visits.iter().map(|(_, id)| id).collect();
    assert_eq!(ids.len(), 2);
    assert!(visits[..3].iter().all(|(_, id)| *id == visits[0].1));
}

#[test]
fn an_error_names_the_run_that_its_handler_saw() {
    struct Fails(Mutex<Option<RunId>>);
    impl ImportSteps for Fails {
        type Error = ();

        async fn import(&self, _: Importing, step: &Step<Imports>) -> Result<Imports, ()> {
            *self.0.lock().unwrap() = Some(step.run_id().clone());
            Err(())
        }
    }
    let fails = Fails(Mutex::new(None));
    let run = Import::start(Importing { page: 0 }).run(&fails);
    let Err(error) = pollster::block_on(run) else {
        panic!("the handler fails");
    };
    assert_eq!(fails.0.into_inner().unwrap().as_ref(), Some(error.run_id()));
}

#[test]
fn a_key_reads_as_workflow_run_and_visit() {
    let visits = visits_of_two_runs();
    let (key, id) = &visits[2];
    assert_eq!(key.to_string(), format!("Import/{id}/3"));
    assert_eq!(id.to_string().len(), 32);
}
