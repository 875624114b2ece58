//! A module without a prelude: nothing that is generated counts on one.

#[no_implicit_prelude]
mod bare {
    use ::std::convert::Infallible;
    use ::std::result::Result::{self, Ok};
    use ::std::string::String;
    use ::std::vec::Vec;
    use ::stateway::{Branch, Breaker, Cause, Limiter, Step, Undo, workflow};

    workflow! {
        #[no_implicit_prelude]
        #[derive(Debug, Clone, PartialEq)]
        pub workflow Order {
            input { customer: u64, name: String }
            start Placed { items: Vec<u32> };
            state Checked { sum: u64 };
            state Counted { counts: Vec<u64> };
            state Picked;
            state Paid;
            done Shipped;
            failed Rejected;
            failed Late { customer: u64 };
            deadline 1h -> Late;
            split check: Placed -> Checked | Rejected with undo(Checked => uncheck), retry(2), catch(unchecked) {
                branch credit: u64 with retry(3), timeout(2s), breaker(bank), limit(quota);
                branch fraud: String with spawn;
                join all within 5s;
            }
            split count: Checked -> Counted {
                branch one: u64;
                branch other: u64;
                join any;
            }
            split pick: Counted -> Picked {
                each item in counts: u64 => u64, at most 2;
                join settled(min 1);
            }
            step pay: Picked -> Paid with retry(5, backoff 100ms..10s), timeout(2s), undo(refund), catch(late), breaker(bank), limit(quota);
            step ship: Paid -> Shipped | Rejected;
        }
    }

    impl ::std::convert::From<AnyOrder> for Late {
        fn from(order: AnyOrder) -> Late {
            Late { customer: order.input().customer }
        }
    }

    pub struct Shop;

    impl OrderSteps for Shop {
        type Error = Infallible;

        async fn credit(&self, _: &Placed, _: &Branch<Check>) -> Result<u64, Infallible> {
            Ok(1)
        }

        async fn fraud(&self, _: &Placed, _: &Branch<Check>) -> Result<String, Infallible> {
            Ok(String::new())
        }

        async fn check(&self, _: Placed, joined: CheckJoined, step: &Step<Check>) -> Result<Check, Infallible> {
            Ok(step.to(Checked { sum: joined.credit }))
        }

        async fn unchecked(&self, _: Placed, _: Cause<Infallible>, step: &Step<Check>) -> Result<Check, Infallible> {
            Ok(step.to(Rejected))
        }

        async fn uncheck(&self, _: Checked, _: &Undo<Check>) -> Result<(), Infallible> {
            Ok(())
        }

        async fn one(&self, _: &Checked, _: &Branch<Count>) -> Result<u64, Infallible> {
            Ok(1)
        }

        async fn other(&self, _: &Checked, _: &Branch<Count>) -> Result<u64, Infallible> {
            Ok(2)
        }

        async fn count(&self, _: Checked, _: CountJoined, step: &Step<Count>) -> Result<Count, Infallible> {
            Ok(step.to(Counted { counts: Vec::new() }))
        }

        async fn item(&self, _: &Counted, item: &u64, _: &Branch<Pick>) -> Result<u64, Infallible> {
            Ok(*item)
        }

        async fn pick(&self, _: Counted, _: PickJoined<Infallible>, step: &Step<Pick>) -> Result<Pick, Infallible> {
            Ok(step.to(Picked))
        }

        async fn pay(&self, _: Picked, step: &Step<Pay>) -> Result<Pay, Infallible> {
            Ok(step.to(Paid))
        }

        async fn late(&self, _: Picked, _: Cause<Infallible>, step: &Step<Pay>) -> Result<Pay, Infallible> {
            Ok(step.to(Paid))
        }

        async fn refund(&self, _: Paid, _: &Undo<Pay>) -> Result<(), Infallible> {
            Ok(())
        }

        async fn ship(&self, _: Paid, step: &Step<Ship>) -> Result<Ship, Infallible> {
            Ok(step.to(Shipped))
        }

        fn bank(&self) -> &Breaker {
            ::std::unimplemented!()
        }

        fn quota(&self) -> &Limiter {
            ::std::unimplemented!()
        }
    }

    workflow! {
        #[no_implicit_prelude]
        #[durable(version = 1)]
        #[derive(Clone)]
        workflow Stored {
            input { name: String }
            start Draft { lines: Vec<u64> };
            transient state Weighed;
            done Done { of: ::std::option::Option<String> };
            failed Lost;
            step weigh: Draft -> Weighed with retry(2);
            split send: Weighed -> Done | Lost with undo(Done => unsend) {
                branch mail: String with spawn;
                branch post: Vec<u8> with retry(2);
                join quorum(1);
            }
        }
    }

    workflow! {
        #[no_implicit_prelude]
        #[durable(version = 1)]
        #[derive(Clone)]
        workflow Waiting {
            start Open { until: ::std::time::SystemTime };
            state Held { patience: ::std::time::Duration };
            done Gone;
            signal hold(u64): Open -> Held with retry(2);
            signal let_go(Vec<u8>): Open | Held -> Gone with retry(2), timeout(2s), catch(kept), undo(back);
            timer wake at until: Open -> Held;
            timer give_up after patience: Held -> Gone;
            timer close after 14d: Open | Held -> Gone;
            signal note(Vec<u8>): Held with retry(2), catch(unnoted);
            signal ask answers ::std::option::Option<u64>: Held with retry(2);
            signal swap(u64) answers String: Held -> Open with retry(2), catch(unswapped);
            timer remind every 1d: Held with timeout(1m);
            poll look every 5s..5m: Held -> Gone | Open with retry(2), catch(unseen), undo(Open => back_again);
        }
    }

    pub fn by_hand(any: AnyOrder) -> ::std::option::Option<Order<Paid>> {
        ::std::convert::TryFrom::try_from(any).ok()
    }

    pub fn stored() -> &'static ::stateway::Graph {
        Stored::GRAPH
    }
}

pub fn main() {
    let context = std::sync::Arc::new(bare::Shop);
    let items = vec![1];
    let input = bare::OrderInput { customer: 1, name: String::new() };
    drop(bare::Order::start(input, bare::Placed { items }).run(&context));
    let _ = (bare::by_hand, bare::stored());
}
