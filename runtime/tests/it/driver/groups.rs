//! Groups: data that outlives a state, and states that are left as one.

use std::time::{Duration, SystemTime};

use stateway::prelude::*;
use tokio::time::Instant;

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    workflow Order {
        input { customer: u32 }

        start Placed;

        /// An order that was paid for.
        group Open { payment: u32, until: SystemTime } {
            state Paid;
            group Moving { driver: String } {
                state PickedUp;
                state Near { meters: u32 };
            }
        }
        group Stuck {
            state Lost;
            state Broken { how: String };
        }
        done Delivered { open: Open };
        done TooLate { payment: u32, was: String };
        done Refunded { payment: Option<u32> };

        step pay: Placed -> Paid;
        signal pick_up(String): Paid -> PickedUp;
        signal near(u32): PickedUp -> Near;
        signal deliver: Near -> Delivered;
        signal lose: Moving -> Lost;
        signal smash(String): Near -> Broken;
        timer expire at until: Open -> TooLate;
        step refund: Stuck -> Refunded;
    }
}

struct Shop {
    until: SystemTime,
}

impl OrderSteps for Shop {
    type Error = String;

    async fn pay(&self, _: Placed, step: &Step<Pay>) -> Result<Pay, String> {
        let (payment, until) = (step.input().customer + 1, self.until);
        Ok(step.to(Paid {
            open: Open { payment, until },
        }))
    }

    async fn pick_up(
        &self,
        paid: Paid,
        driver: String,
        step: &Step<OnPickUp>,
    ) -> Result<OnPickUp, String> {
        let open = paid.open;
        Ok(step.to(PickedUp {
            moving: Moving { open, driver },
        }))
    }

    async fn near(
        &self,
        picked_up: PickedUp,
        meters: u32,
        step: &Step<OnNear>,
    ) -> Result<OnNear, String> {
        let moving = picked_up.moving;
        Ok(step.to(Near { moving, meters }))
    }

    async fn deliver(&self, near: Near, step: &Step<OnDeliver>) -> Result<OnDeliver, String> {
        let open = near.moving.open;
        Ok(step.to(Delivered { open }))
    }

    async fn lose(&self, from: LoseFrom, step: &Step<OnLose>) -> Result<OnLose, String> {
        assert!(from.moving().driver.starts_with('A'));
        assert_eq!(from.open().payment, from.moving().open.payment);
        Ok(step.to(Lost))
    }

    async fn smash(
        &self,
        near: Near,
        how: String,
        step: &Step<OnSmash>,
    ) -> Result<OnSmash, String> {
        let how = format!("{how} at {}", near.meters);
        Ok(step.to(Broken { how }))
    }

    async fn expire(&self, from: ExpireFrom, step: &Step<OnExpire>) -> Result<OnExpire, String> {
        let payment = from.open().payment;
        let was = match &from {
            ExpireFrom::Paid(_) => "paid".to_owned(),
            ExpireFrom::PickedUp(it) => format!("with {}", it.moving.driver),
            ExpireFrom::Near(near) => format!("{} away", near.meters),
        };
        assert_eq!(from.into_open().payment, payment);
        Ok(step.to(TooLate { payment, was }))
    }

    async fn refund(&self, from: RefundFrom, step: &Step<Refund>) -> Result<Refund, String> {
        let payment = match from {
            RefundFrom::Lost(_) => None,
            RefundFrom::Broken(broken) => Some(broken.how.len().try_into().unwrap()),
        };
        Ok(step.to(Refunded { payment }))
    }
}

const MINUTE: Duration = Duration::from_mins(1);

fn shop() -> Shop {
    Shop {
        until: SystemTime::now() + MINUTE,
    }
}

fn order() -> Order<Placed> {
    Order::start(OrderInput { customer: 6 }, Placed)
}

#[tokio::test(start_paused = true)]
async fn the_data_of_a_group_goes_from_member_to_member() {
    let shop = shop();
    let until = shop.until;
    let mut run = order().run(&shop);
    let mailbox = run.remote();
    mailbox.pick_up("Ada".to_owned()).await.unwrap();
    mailbox.near(20).await.unwrap();
    mailbox.deliver().await.unwrap();
    let end = run.await.unwrap();
    let open = Open { payment: 7, until };
    assert_eq!(end, OrderEnd::Delivered(Delivered { open }));
}

#[tokio::test(start_paused = true)]
async fn a_timer_of_a_group_leaves_each_of_its_states_also_those_within_another() {
    for (signals, was) in [(0, "paid"), (1, "with Ada"), (2, "20 away")] {
        let shop = shop();
        let mut run = order().run(&shop);
        let mailbox = run.remote();
        if signals > 0 {
            mailbox.pick_up("Ada".to_owned()).await.unwrap();
        }
        if signals > 1 {
            mailbox.near(20).await.unwrap();
        }
        let begun = Instant::now();
        let end = run.await.unwrap();
        let was = was.to_owned();
        assert_eq!(end, OrderEnd::TooLate(TooLate { payment: 7, was }));
        let took = begun.elapsed();
        assert!(took <= MINUTE && took > Duration::from_secs(55), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_and_a_step_of_a_group_leave_each_of_its_states() {
    for (meters, broken, payment) in [
        (None, false, None),
        (Some(5), false, None),
        (Some(5), true, Some(9)),
    ] {
        let shop = shop();
        let mut run = order().run(&shop);
        let mailbox = run.remote();
        mailbox.pick_up("Ada".to_owned()).await.unwrap();
        if let Some(meters) = meters {
            mailbox.near(meters).await.unwrap();
        }
        if broken {
            mailbox.smash("tree".to_owned()).await.unwrap();
        } else {
            mailbox.lose().await.unwrap();
        }
        let end = run.await.unwrap();
        assert_eq!(end, OrderEnd::Refunded(Refunded { payment }));
    }
}

#[test]
fn a_machine_reaches_the_data_in_each_state_of_the_group_and_any_lends_it() {
    let until = SystemTime::now();
    let order = order();
    assert_eq!(AnyOrder::from(order.clone()).open(), None);
    let order = order.pay(|_| Paid {
        open: Open { payment: 1, until },
    });
    assert_eq!(order.open.payment, 1);
    assert_eq!(AnyOrder::from(order.clone()).open().unwrap().until, until);
    assert_eq!(AnyOrder::from(order.clone()).moving(), None);
    let driver = "Ada".to_owned();
    let order = order.pick_up(driver, |paid, driver| {
        let open = paid.open;
        PickedUp {
            moving: Moving { open, driver },
        }
    });
    assert_eq!(order.moving.open.until, until);
    let any = AnyOrder::from(order.clone());
    assert_eq!(any.moving().unwrap().driver, "Ada");
    assert_eq!(any.open(), Some(&order.moving.open));
    let order = order.expire(|it| TooLate {
        payment: it.moving.open.payment,
        was: it.moving.driver,
    });
    assert_eq!(order.into_state().was, "Ada");
}

#[test]
fn the_graph_has_the_groups_with_their_states() {
    let names = |states: &[usize]| {
        let names = states.iter().map(|state| Order::GRAPH.states[*state].name);
        names.collect::<Vec<_>>().join(" ")
    };
    let groups = Order::GRAPH.groups.iter();
    let groups = groups.map(|it| (it.name, names(it.states), it.within));
    let expected = [
        ("Open", "Paid PickedUp Near".to_owned(), None),
        ("Moving", "PickedUp Near".to_owned(), Some(0)),
        ("Stuck", "Lost Broken".to_owned(), None),
    ];
    assert_eq!(groups.collect::<Vec<_>>(), expected);
}

#[test]
fn a_diagram_draws_a_box_around_the_states_of_a_group() {
    let expected = "stateDiagram-v2
    state Open {
        Paid
        state Moving {
            PickedUp
            Near
        }
    }
    state Stuck {
        Lost
        Broken
    }
    [*] --> Placed
    Placed --> Paid: pay
    Paid --> PickedUp: pick_up(String)
    PickedUp --> Near: near(u32)
    Near --> Delivered: deliver()
    Moving --> Lost: lose()
    Near --> Broken: smash(String)
    Open --> TooLate: expire at until
    Stuck --> Refunded: refund
    Delivered --> [*]
    TooLate --> [*]
    Refunded --> [*]
";
    assert_eq!(Order::GRAPH.mermaid().to_string(), expected);
    let dot = Order::GRAPH.dot().to_string();
    for line in [
        "    compound=true;\n    Placed [style=\"rounded,bold\"];\n",
        "    subgraph cluster_Open {\n        label=\"Open\";\n        Paid;\n        subgraph cluster_Moving {\n",
        "            label=\"Moving\";\n            PickedUp;\n            Near;\n        }\n    }\n",
        "    Paid -> TooLate [label=\"expire at until\", ltail=cluster_Open];\n",
        "    Near -> Broken [label=\"smash(String)\"];\n",
    ] {
        assert!(dot.contains(line), "{line} is not in\n{dot}");
    }
    assert_eq!(dot.matches("expire").count(), 1);
}

mod shared {
    //! Fields of a group in the place of fields of its states.

    use super::*;

    workflow! {
        workflow Batch {
            group Loaded { items: Vec<u32>, patience: Duration } {
                start Fresh { items: Vec<String> };
                start Old;
                state Slow { patience: Duration };
            }
            done Added { sum: u32 };

            split add: Old -> Slow | Added {
                each item in items: u32 => u32;
                join all;
            }
            split measure: Fresh -> Added {
                each text in items: String => u32;
                join all;
            }
            timer hurry after patience: Slow -> Added;
        }
    }

    struct Sum;

    impl BatchSteps for Sum {
        type Error = String;

        async fn item(&self, _: &Old, item: &u32, _: &Branch<Add>) -> Result<u32, String> {
            Ok(*item)
        }

        async fn add(&self, old: Old, joined: AddJoined, step: &Step<Add>) -> Result<Add, String> {
            let sum: u32 = joined.into_iter().sum();
            if sum > 10 {
                let (loaded, patience) = (old.loaded, MINUTE);
                return Ok(step.to(Slow { loaded, patience }));
            }
            Ok(step.to(Added { sum }))
        }

        async fn text(&self, _: &Fresh, text: &String, _: &Branch<Measure>) -> Result<u32, String> {
            Ok(text.len().try_into().unwrap())
        }

        async fn measure(
            &self,
            _: Fresh,
            joined: MeasureJoined,
            step: &Step<Measure>,
        ) -> Result<Measure, String> {
            let sum = joined.into_iter().sum();
            Ok(step.to(Added { sum }))
        }

        async fn hurry(&self, slow: Slow, step: &Step<OnHurry>) -> Result<OnHurry, String> {
            assert_eq!(slow.loaded.patience, MINUTE * 60);
            let sum = slow.loaded.items.len().try_into().unwrap();
            Ok(step.to(Added { sum }))
        }
    }

    fn loaded(items: &[u32]) -> Loaded {
        let patience = MINUTE * 60;
        let items = items.to_vec();
        Loaded { items, patience }
    }

    #[tokio::test(start_paused = true)]
    async fn the_field_of_the_state_comes_before_that_of_its_group() {
        let BatchEnd::Added(added) = Batch::start(Old {
            loaded: loaded(&[1, 2]),
        })
        .run(&Sum)
        .await
        .unwrap();
        assert_eq!(added.sum, 3);
        let fresh = Fresh {
            loaded: loaded(&[1, 2]),
            items: vec!["three".to_owned(), "four".to_owned()],
        };
        let BatchEnd::Added(added) = Batch::start(fresh).run(&Sum).await.unwrap();
        assert_eq!(added.sum, 9);
        let begun = Instant::now();
        let BatchEnd::Added(added) = Batch::start(Old {
            loaded: loaded(&[5, 6]),
        })
        .run(&Sum)
        .await
        .unwrap();
        assert_eq!((added.sum, begun.elapsed()), (2, MINUTE));
    }
}
