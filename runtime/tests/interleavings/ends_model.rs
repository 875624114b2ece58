//! A run that is driven here, and those who wait for its end as `Run::end` does: they hear of it, look into the store, and wait.

use loom::future::block_on;
use loom::thread;

use crate::ends::{Ends, Notice, Reached};
use crate::explore;
use crate::run::RunId;
use crate::support::sync::{Arc, Mutex};

/// The store and the list of active runs, as far as they matter here.
#[derive(Default)]
struct World {
    ends: Ends,
    has_ended: Mutex<bool>,
    is_driven: Mutex<bool>,
}

impl World {
    fn driven() -> Arc<Self> {
        let world = World::default();
        *world.is_driven.lock().unwrap() = true;
        Arc::new(world)
    }

    /// Records the end, lets go of the run, and tells of it. In another order somebody would wait for ever: whoever hears of
    /// a run that is still driven expects to be told.
    fn end(&self, notice: Notice) {
        *self.has_ended.lock().unwrap() = true;
        *self.is_driven.lock().unwrap() = false;
        self.ends.left(&run(), notice);
    }

    /// Waits without looking from time to time, which `Run::end` does beside: it is not to need that.
    fn wait(&self) -> Option<u64> {
        loop {
            let mut notice = self.ends.hear(&run());
            if *self.is_driven.lock().unwrap()
                && let Some(end) = block_on(notice.next()).flatten()
            {
                return Some(end.incarnation);
            }
            if *self.has_ended.lock().unwrap() {
                return None;
            }
            block_on(notice.next());
        }
    }
}

fn run() -> RunId {
    "o-1".parse().expect("it is an id")
}

fn reached() -> Arc<Reached> {
    Arc::new(Reached {
        incarnation: 7,
        state: "Shipped".into(),
        payload: Vec::new(),
    })
}

#[test]
fn whoever_waits_for_an_end_comes_to_know_it() {
    explore(|| {
        let world = World::driven();
        let waits = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.wait())
        };
        world.end(Some(reached()));
        // It was heard, or found in the store.
        assert!(matches!(waits.join().unwrap(), Some(7) | None));
        assert_eq!(world.wait(), None);
    });
}

#[test]
fn whoever_waits_is_not_forgotten_by_tidying() {
    explore(|| {
        let world = World::driven();
        let tidies = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.ends.tidy())
        };
        let waits = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.wait())
        };
        world.end(Some(reached()));
        waits.join().unwrap();
        tidies.join().unwrap();
    });
}

#[test]
fn an_end_without_a_notice_is_looked_up() {
    explore(|| {
        let world = World::driven();
        let waits = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.wait())
        };
        // Claimed by the same process once more, and ended in no `done` state.
        world.ends.taken_up(&run());
        world.end(None);
        assert_eq!(waits.join().unwrap(), None);
    });
}

#[test]
fn what_was_told_is_kept_by_those_who_waited_alone() {
    explore(|| {
        let ends = Ends::default();
        let told = reached();
        let mut waits = ends.hear(&run());
        ends.left(&run(), Some(Arc::clone(&told)));
        assert!(block_on(waits.next()).flatten().is_some());
        drop(waits);
        assert_eq!(Arc::strong_count(&told), 1);
    });
}
