//! `each`: as many branches as there are items, `n` at a time.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stateway::prelude::*;
use tokio::time::{Instant, sleep};

/// Counts how many branches are under way.
#[derive(Default)]
struct Hall {
    inside: AtomicUsize,
    most: AtomicUsize,
    begun: AtomicUsize,
}

impl Hall {
    fn enter(&self) -> Inside<'_> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        let inside = self.inside.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(inside, Ordering::Relaxed);
        Inside(self)
    }
}

struct Inside<'a>(&'a Hall);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::Relaxed);
    }
}

workflow! {
    workflow Import {
        start Listed { rows: Vec<u64> };
        done Imported { sum: u64 };
        split import as Importing: Listed -> Imported {
            each row in rows: u64 => u64, at most 8;
            join all;
        }
    }
}

impl ImportSteps for Hall {
    type Error = &'static str;

    async fn row(&self, _: &Listed, row: &u64, _: &Branch<Importing>) -> Result<u64, Self::Error> {
        let _inside = self.enter();
        sleep(Duration::from_millis(row % 7)).await;
        Ok(row * 2)
    }

    async fn import(
        &self,
        listed: Listed,
        joined: ImportingJoined,
        step: &Step<Importing>,
    ) -> Result<Importing, Self::Error> {
        assert_eq!(self.inside.load(Ordering::Relaxed), 0);
        assert_eq!(joined.len(), listed.rows.len());
        for (row, output) in listed.rows.iter().zip(&joined) {
            assert_eq!(row * 2, *output);
        }
        let sum = joined.iter().sum();
        Ok(step.to(Imported { sum }))
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_items_eight_at_a_time_come_out_in_their_order() {
    let hall = Hall::default();
    let rows: Vec<u64> = (0..100_000).collect();
    let sum: u64 = rows.iter().sum();
    let end = Import::start(Listed { rows }).run(&hall).await;
    let ImportEnd::Imported(imported) = end.expect("it ends");
    assert_eq!(imported.sum, sum * 2);
    assert_eq!(hall.most.load(Ordering::Relaxed), 8);
    assert_eq!(hall.begun.load(Ordering::Relaxed), 100_000);
}

mod without_a_bound {
    use super::*;

    workflow! {
        workflow Call {
            start Listed { numbers: BTreeSet<u64> };
            done Called { by: usize };
            split call as Calling: Listed -> Called {
                each number in numbers: u64 => u64;
                join any;
            }
        }
    }

    impl CallSteps for Hall {
        type Error = u64;

        async fn number(&self, _: &Listed, number: &u64, _: &Branch<Calling>) -> Result<u64, u64> {
            let _inside = self.enter();
            sleep(Duration::from_millis(*number)).await;
            if *number < 30 {
                return Err(*number);
            }
            Ok(*number)
        }

        async fn call(
            &self,
            _: Listed,
            joined: CallingJoined,
            step: &Step<Calling>,
        ) -> Result<Calling, u64> {
            assert_eq!(joined.output, 30);
            Ok(step.to(Called { by: joined.item }))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn all_begin_at_once_and_the_first_success_says_which_item_it_was() {
        let hall = Hall::default();
        let began = Instant::now();
        let numbers = (10..100).collect();
        let end = Call::start(Listed { numbers }).run(&hall).await;
        let CallEnd::Called(called) = end.expect("it ends");
        assert_eq!(called.by, 20);
        assert_eq!(began.elapsed(), Duration::from_millis(30));
        assert_eq!(hall.most.load(Ordering::Relaxed), 90);
    }

    #[tokio::test(start_paused = true)]
    async fn the_failures_are_listed_in_the_order_of_their_items() {
        let numbers = (10..13).collect();
        let error = Call::start(Listed { numbers }).run(&Hall::default()).await;
        let error = error.err().expect("nobody answers");
        let Cause::Join(join) = error.cause() else {
            panic!("{error:?}");
        };
        let items: Vec<_> = join.failures.iter().map(BranchError::item).collect();
        assert_eq!(items, [Some(0), Some(1), Some(2)]);
        assert_eq!(
            error.to_string(),
            "split `call` failed in state `Listed` of `Call`: 0 of 3 branches succeeded where 1 had \
             to; `number[0]` failed; \
             `number[1]` failed; `number[2]` failed; the first error: 10"
        );
    }

    #[tokio::test]
    async fn any_of_no_items_fails_at_once() {
        let empty = Listed {
            numbers: BTreeSet::new(),
        };
        let error = Call::start(empty).run(&Hall::default()).await;
        assert_eq!(
            error.err().expect("nobody answers").to_string(),
            "split `call` failed in state `Listed` of `Call`: 0 of 0 branches succeeded where 1 had to"
        );
    }
}

/// A workflow whose one split joins the items of a collection by a strategy.
macro_rules! collect {
    ($name:ident, $collection:ty, $joined:ty, $($strategy:tt)*) => {
        mod $name {
            use super::*;

            workflow! {
                workflow Read {
                    start Given { items: $collection };
                    done Taken { count: usize };
                    split take: Given -> Taken {
                        each item in items: u8 => u8, at most 2;
                        join $($strategy)*;
                    }
                }
            }

            impl ReadSteps for Hall {
                type Error = ();

                async fn item(&self, given: &Given, item: &u8, branch: &Branch<Take>) -> Result<u8, ()> {
                    let _inside = self.enter();
                    assert_eq!(given.items.iter().nth(branch.index()), Some(item));
                    Ok(*item)
                }

                async fn take(&self, _: Given, joined: $joined, step: &Step<Take>) -> Result<Take, ()> {
                    Ok(step.to(Taken { count: joined.len() }))
                }
            }

            pub(super) async fn run(items: $collection, hall: &Hall) -> Result<usize, Cause<()>> {
                let end = Read::start(Given { items }).run(hall).await;
                end.map(|ReadEnd::Taken(taken)| taken.count).map_err(RunError::into_cause)
            }
        }
    };
}

collect!(all, VecDeque<u8>, TakeJoined, all);
collect!(quorum, Arc<[u8]>, TakeJoined<()>, quorum(2));
collect!(percent, [u8; 3], TakeJoined<()>, percent(50));
collect!(settled, Option<u8>, TakeJoined<()>, settled);
collect!(minimum, Box<[u8]>, TakeJoined<()>, settled(min 2));

#[tokio::test]
async fn no_items_are_joined_at_once_where_none_is_needed() {
    let hall = Hall::default();
    assert_eq!(all::run(VecDeque::new(), &hall).await, Ok(0));
    assert_eq!(settled::run(None, &hall).await, Ok(0));
}

#[tokio::test]
async fn too_few_items_fail_before_the_first_begins() {
    let hall = Hall::default();
    for cause in [
        quorum::run(Arc::new([1]), &hall).await,
        minimum::run(Box::new([1]), &hall).await,
    ] {
        let Err(Cause::Join(join)) = cause else {
            panic!("{cause:?}");
        };
        assert_eq!(
            (join.branches, join.needed, join.succeeded.len()),
            (1, 2, 0)
        );
    }
    assert_eq!(hall.begun.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn items_may_be_in_any_collection() {
    let hall = Hall::default();
    assert_eq!(all::run(VecDeque::from([1, 2, 3]), &hall).await, Ok(3));
    assert_eq!(quorum::run(Arc::new([1, 2, 3]), &hall).await, Ok(3));
    assert_eq!(percent::run([1, 2, 3], &hall).await, Ok(3));
    assert_eq!(settled::run(Some(1), &hall).await, Ok(1));
    assert_eq!(minimum::run(Box::new([1, 2]), &hall).await, Ok(2));
}
