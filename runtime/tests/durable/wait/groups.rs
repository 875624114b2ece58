//! Groups of stored runs: their data, what leaves them as one, and what a run is found by.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use stateway::prelude::*;
use stateway::store::{Filter, Store};
use stateway::{Clock, MemoryStore, RedbStore};
use tokio::time::sleep;

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    #[durable(version = 1)]
    workflow Parcel {
        input { customer: u32 }

        start Asked;
        group Open { #[index] payment: u32, until: SystemTime } {
            state Paid;
            start Found;
            group Moving { #[index] driver: String } {
                state PickedUp;
                state Near { #[index] meters: u32 };
            }
        }
        transient state Weighed { open: Open, grams: u32 };
        state Late { payment: u32 };
        group Busy {
            state Sorted { payment: u32 };
            state Counted { payment: u32 };
        }
        done Delivered { payment: u32 };
        done Kept { was: String };
        failed Returned;

        deadline 3h -> Kept;

        step pay: Asked -> Paid with undo(pay_back);
        signal pick_up(String): Paid -> Weighed | PickedUp;
        step weigh: Weighed -> PickedUp with retry(3, every 1s);
        signal approach(u32): PickedUp -> Near with undo(go_back);
        signal deliver: Near -> Delivered;
        signal refuse: Open -> Returned with retry(2, every 1s);
        timer expire at until: Open -> Late;
        step settle: Late -> Delivered | Sorted;
        step count: Sorted -> Counted;
        signal stop interrupts Busy -> Kept;
    }
}

impl From<AnyParcel> for Kept {
    fn from(parcel: AnyParcel) -> Self {
        let payment = parcel.open().map(|open| open.payment);
        let was = format!("{} {payment:?}", parcel.state().name);
        Kept { was }
    }
}

struct Depot {
    limit: Duration,
    clock: Clock,
    said: Arc<Mutex<Vec<String>>>,
}

impl Depot {
    fn say(&self, what: String) {
        self.said.lock().unwrap().push(what);
    }
}

impl ParcelSteps for Depot {
    type Error = String;

    async fn pay(&self, _: Asked, step: &Step<Pay>) -> Result<Pay, String> {
        let (payment, until) = (step.input().customer + 1, self.clock.now() + self.limit);
        let open = Open { payment, until };
        Ok(step.to(Paid { open }))
    }

    async fn pay_back(&self, paid: Paid, _: &Undo<Pay>) -> Result<(), String> {
        self.say(format!("paid back {}", paid.open.payment));
        Ok(())
    }

    async fn pick_up(
        &self,
        paid: Paid,
        driver: String,
        step: &Step<OnPickUp>,
    ) -> Result<OnPickUp, String> {
        let open = paid.open;
        if driver.is_empty() {
            return Ok(step.to(Weighed { open, grams: 9 }));
        }
        let moving = Moving { open, driver };
        Ok(step.to(PickedUp { moving }))
    }

    async fn weigh(&self, weighed: Weighed, step: &Step<Weigh>) -> Result<Weigh, String> {
        if step.attempt() == 1 {
            return Err("the scale is off".to_owned());
        }
        let (open, driver) = (weighed.open, format!("{} g", weighed.grams));
        let moving = Moving { open, driver };
        Ok(step.to(PickedUp { moving }))
    }

    async fn approach(
        &self,
        it: PickedUp,
        meters: u32,
        step: &Step<OnApproach>,
    ) -> Result<OnApproach, String> {
        let moving = it.moving;
        Ok(step.to(Near { moving, meters }))
    }

    async fn go_back(&self, near: Near, _: &Undo<OnApproach>) -> Result<(), String> {
        self.say(format!("{} goes back", near.moving.driver));
        Ok(())
    }

    async fn deliver(&self, near: Near, step: &Step<OnDeliver>) -> Result<OnDeliver, String> {
        let payment = near.moving.open.payment;
        Ok(step.to(Delivered { payment }))
    }

    async fn refuse(&self, from: RefuseFrom, step: &Step<OnRefuse>) -> Result<OnRefuse, String> {
        if step.attempt() == 1 {
            return Err("nobody hears it".to_owned());
        }
        self.say(format!("refused {}", from.open().payment));
        Ok(step.to(Returned))
    }

    async fn expire(&self, from: ExpireFrom, step: &Step<OnExpire>) -> Result<OnExpire, String> {
        let payment = from.into_open().payment;
        Ok(step.to(Late { payment }))
    }

    async fn settle(&self, late: Late, step: &Step<Settle>) -> Result<Settle, String> {
        let payment = late.payment + 100;
        Ok(if step.input().customer == COUNTED {
            step.to(Sorted { payment })
        } else {
            step.to(Delivered { payment })
        })
    }

    async fn count(&self, sorted: Sorted, step: &Step<Count>) -> Result<Count, String> {
        sleep(MINUTE).await;
        let payment = sorted.payment;
        Ok(step.to(Counted { payment }))
    }

    async fn stop(&self, from: StopFrom, step: &Step<OnStop>) -> Result<OnStop, String> {
        let was = match from {
            StopFrom::Sorted(it) => format!("being counted {}", it.payment),
            StopFrom::Counted(it) => format!("counted {}", it.payment),
        };
        Ok(step.to(Kept { was }))
    }
}

const MINUTE: Duration = Duration::from_mins(1);

/// Runs of parcels on one store, over several runners, one after the other.
struct World {
    store: Arc<dyn Store>,
    limit: Duration,
    said: Arc<Mutex<Vec<String>>>,
}

impl World {
    async fn runner(&self) -> Runner<Parcel> {
        let depot = Depot {
            limit: self.limit,
            clock: Clock::tokio(),
            said: Arc::clone(&self.said),
        };
        let runner = Runner::<Parcel>::builder(depot).clock(Clock::tokio());
        let runner = runner.store(Arc::clone(&self.store)).launch().await;
        runner.unwrap()
    }

    fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }
}

async fn at(run: &stateway::runner::Run<Parcel>, state: &str) {
    while run.info().await.unwrap().state != state {
        sleep(Duration::from_millis(10)).await;
    }
}

async fn on_both(limit: Duration, check: impl AsyncFn(World)) {
    let folder = tempfile::tempdir().unwrap();
    let stores: [Arc<dyn Store>; 2] = [
        Arc::new(MemoryStore::new()),
        Arc::new(RedbStore::open(folder.path().join("parcels.redb")).unwrap()),
    ];
    for store in stores {
        let said = Arc::default();
        check(World { store, limit, said }).await;
    }
}

const INPUT: ParcelInput = ParcelInput { customer: 6 };

/// A customer whose late parcels are counted.
const COUNTED: u32 = 9;

#[tokio::test(start_paused = true)]
async fn the_data_of_a_group_outlives_states_and_runners() {
    on_both(MINUTE * 60, async |world| {
        let runner = world.runner().await;
        let run = runner.start("p-1", INPUT, Asked).await.unwrap();
        run.pick_up("Ada".to_owned()).await.unwrap();
        at(&run, "PickedUp").await;
        assert_eq!(run.state().await.unwrap().moving().unwrap().driver, "Ada");
        runner.shut_down(MINUTE).await;

        let runner = world.runner().await;
        let run = runner.get("p-1").await.unwrap().unwrap();
        run.approach(20).await.unwrap();
        at(&run, "Near").await;
        assert_eq!(run.state().await.unwrap().open().unwrap().payment, 7);
        run.deliver().await.unwrap();
        let end = run.end().await.unwrap();
        assert_eq!(end, ParcelEnd::Delivered(Delivered { payment: 7 }));
        assert!(run.state().await.unwrap().open().is_none());
        runner.shut_down(MINUTE).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_timer_of_a_group_runs_on_from_state_to_state_and_over_a_restart() {
    on_both(MINUTE * 60, async |world| {
        let runner = world.runner().await;
        let run = runner.start("p-1", INPUT, Asked).await.unwrap();
        at(&run, "Paid").await;
        sleep(MINUTE * 30).await;
        run.pick_up("Ada".to_owned()).await.unwrap();
        at(&run, "PickedUp").await;
        runner.shut_down(MINUTE).await;
        sleep(MINUTE * 20).await;

        let runner = world.runner().await;
        let run = runner.get("p-1").await.unwrap().unwrap();
        sleep(MINUTE * 9).await;
        assert_eq!(run.info().await.unwrap().state, "PickedUp");
        sleep(MINUTE * 2).await;
        let end = run.end().await.unwrap();
        assert_eq!(end, ParcelEnd::Delivered(Delivered { payment: 107 }));
        runner.shut_down(MINUTE).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_fails_out_of_a_group_undoes_its_members_with_their_data() {
    on_both(MINUTE * 60, async |world| {
        let runner = world.runner().await;
        let run = runner.start("p-1", INPUT, Asked).await.unwrap();
        run.pick_up(String::new()).await.unwrap();
        run.approach(20).await.unwrap();
        at(&run, "Near").await;
        run.refuse().await.unwrap();
        let end = run.end().await.unwrap();
        assert_eq!(end, ParcelEnd::Returned(Returned));
        assert_eq!(world.said(), ["refused 7", "9 g goes back", "paid back 7"]);
        runner.shut_down(MINUTE).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_is_found_by_the_fields_of_the_groups_that_its_state_stands_in() {
    on_both(MINUTE * 60, async |world| {
        let runner = world.runner().await;
        let found = async |filter: Filter| {
            let rows = runner.list(filter).await.unwrap();
            let ids = rows.iter().map(|row| row.id.to_string());
            ids.collect::<Vec<_>>()
        };
        let payment = || Filter::new().index("payment", 7);
        let run = runner.start("p-1", INPUT, Asked).await.unwrap();
        at(&run, "Paid").await;
        assert_eq!(found(payment()).await, ["p-1"]);
        run.pick_up("Ada".to_owned()).await.unwrap();
        run.approach(20).await.unwrap();
        at(&run, "Near").await;
        let all = payment().index("driver", "Ada").index("meters", 20);
        assert_eq!(found(all).await, ["p-1"]);
        run.deliver().await.unwrap();
        let _ = run.end().await.unwrap();
        assert_eq!(found(payment()).await, [""; 0]);
        runner.shut_down(MINUTE).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_state_that_is_made_of_the_machine_reads_the_data_of_a_group() {
    on_both(MINUTE * 60 * 24, async |world| {
        let runner = world.runner().await;
        let run = runner.start("p-1", INPUT, Asked).await.unwrap();
        run.pick_up("Ada".to_owned()).await.unwrap();
        sleep(MINUTE * 200).await;
        let was = "PickedUp Some(7)".to_owned();
        assert_eq!(run.end().await.unwrap(), ParcelEnd::Kept(Kept { was }));
        runner.shut_down(MINUTE).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_interrupts_a_group_is_taken_where_a_step_runs_and_where_the_run_waits() {
    on_both(MINUTE, async |world| {
        let runner = world.runner().await;
        for (id, state, was) in [
            ("p-1", "Sorted", "being counted 110"),
            ("p-2", "Counted", "counted 110"),
        ] {
            let input = ParcelInput { customer: COUNTED };
            let run = runner.start(id, input, Asked).await.unwrap();
            at(&run, state).await;
            run.stop().await.unwrap();
            let was = was.to_owned();
            assert_eq!(run.end().await.unwrap(), ParcelEnd::Kept(Kept { was }));
        }
        runner.shut_down(MINUTE).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn in_memory_a_signal_that_interrupts_a_group_is_taken_in_each_state_too() {
    for (waits, was) in [(90, "being counted 110"), (130, "counted 110")] {
        let depot = Depot {
            limit: MINUTE,
            clock: Clock::system(),
            said: Arc::default(),
        };
        let parcel = Parcel::start(ParcelInput { customer: COUNTED }, Asked);
        let mut run = parcel.run(&depot);
        let remote = run.remote();
        let stops = async {
            sleep(Duration::from_secs(waits)).await;
            remote.stop().await.unwrap();
        };
        let (end, ()) = tokio::join!(run, stops);
        let was = was.to_owned();
        assert_eq!(end.unwrap(), ParcelEnd::Kept(Kept { was }));
    }
}
