//! `else`: the state that a transition leads to when its last attempt has failed.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use stateway::prelude::*;
use stateway::{Cause, RunError};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

workflow! {
    #[derive(Debug, PartialEq)]
    workflow Order {
        start Asked;
        state Charged;
        state Packed;
        done Sent;
        done GivenUp;
        failed Refused;

        deadline 1h;

        // None of these states is `Clone`: nothing of them is kept.
        step charge: Asked -> Charged | GivenUp with else GivenUp;
        split pack: Charged -> Packed | Refused with deadline(10m), else Refused {
            branch paper: u32;
            branch string: u32;
            join all;
        }
        poll send every 1s: Packed -> Sent | GivenUp with timeout(5s), else GivenUp;
    }
}

/// Does what the text says, where it says so.
struct Shop {
    fails: &'static str,
}

impl Shop {
    async fn acts(&self, handler: &str) -> Result<u32, String> {
        match self.fails.split_once(' ') {
            Some((of, "fails")) if of == handler => Err("no".into()),
            Some((of, "panics")) if of == handler => panic!("no"),
            Some((of, "hangs")) if of == handler => {
                sleep(Duration::from_hours(24)).await;
                Ok(0)
            }
            _ => Ok(1),
        }
    }
}

impl OrderSteps for Shop {
    type Error = String;

    async fn charge(&self, _: Asked, step: &Step<Charge>) -> Result<Charge, String> {
        self.acts("charge").await.map(|_| step.to(Charged))
    }

    async fn paper(&self, _: &Charged, _: &Branch<Pack>) -> Result<u32, String> {
        self.acts("paper").await
    }

    async fn string(&self, _: &Charged, _: &Branch<Pack>) -> Result<u32, String> {
        self.acts("string").await
    }

    async fn pack(&self, _: Charged, _: PackJoined, step: &Step<Pack>) -> Result<Pack, String> {
        self.acts("pack").await.map(|_| step.to(Packed))
    }

    async fn send(&self, _: &Packed, step: &Step<OnSend>) -> Result<Option<OnSend>, String> {
        self.acts("send").await.map(|_| Some(step.to(Sent)))
    }
}

async fn ends(fails: &'static str) -> Result<OrderEnd, Cause<String>> {
    let shop = Shop { fails };
    let ended = Order::start(Asked).run(&shop).await;
    ended.map_err(RunError::into_cause)
}

#[tokio::test(start_paused = true)]
async fn it_is_entered_after_whatever_the_last_attempt_failed_with() {
    for (fails, end) in [
        ("nothing", OrderEnd::Sent(Sent)),
        ("charge fails", OrderEnd::GivenUp(GivenUp)),
        ("charge panics", OrderEnd::GivenUp(GivenUp)),
        ("paper fails", OrderEnd::Refused(Refused)),
        ("string panics", OrderEnd::Refused(Refused)),
        ("paper hangs", OrderEnd::Refused(Refused)),
        ("pack fails", OrderEnd::Refused(Refused)),
        ("pack panics", OrderEnd::Refused(Refused)),
        ("send fails", OrderEnd::GivenUp(GivenUp)),
        ("send hangs", OrderEnd::GivenUp(GivenUp)),
        ("send panics", OrderEnd::GivenUp(GivenUp)),
    ] {
        assert_eq!(ends(fails).await.unwrap(), end, "{fails}");
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_not_entered_by_a_run_that_is_out_of_time_or_cancelled() {
    assert!(matches!(
        ends("charge hangs").await,
        Err(Cause::Deadline { .. })
    ));
    let token = CancellationToken::new();
    token.cancel();
    let shop = Shop {
        fails: "charge fails",
    };
    let run = Order::start(Asked).run(&shop).cancelled_by(token);
    let error = run.await.unwrap_err();
    assert!(
        matches!(error.cause(), Cause::Cancelled { .. }),
        "{error:?}"
    );
}

mod made {
    use super::*;

    workflow! {
        #[derive(Debug, Clone, PartialEq)]
        workflow Visit {
            input { house: u32 }
            start Booked { day: u8 };
            state Late { day: u8, rings: u32 };
            state Outside { day: u8 };
            done Done;
            done GivenUp { house: u32, was: String, day: u8 };

            step ring: Booked -> Late | Outside with retry(3, every 1s);
            timer wait after 1m: Late | Outside -> Done | GivenUp with retry(2, every 1s), else GivenUp;
            signal knock(u32): Late -> Done | GivenUp with else GivenUp;
        }
    }

    impl From<AnyVisit> for GivenUp {
        fn from(visit: AnyVisit) -> Self {
            let (house, was) = (visit.input().house, visit.state().name.to_owned());
            let day = match visit {
                AnyVisit::Booked(it) => it.day,
                AnyVisit::Late(it) => it.day,
                AnyVisit::Outside(it) => it.day,
                _ => 0,
            };
            assert!(day != 13, "not on the 13th");
            GivenUp { house, was, day }
        }
    }

    #[derive(Default)]
    struct Caller {
        calls: AtomicU32,
    }

    impl VisitSteps for Caller {
        type Error = String;

        async fn ring(&self, booked: Booked, step: &Step<Ring>) -> Result<Ring, String> {
            let day = booked.day;
            Ok(match day {
                5 => step.to(Outside { day }),
                _ => step.to(Late { day, rings: 0 }),
            })
        }

        async fn wait(&self, _: WaitFrom, _: &Step<OnWait>) -> Result<OnWait, String> {
            self.calls.fetch_add(1, Ordering::Relaxed);
            Err("nobody is there".into())
        }

        async fn knock(&self, _: Late, knocks: u32, _: &Step<OnKnock>) -> Result<OnKnock, String> {
            Err(format!("{knocks} knocks"))
        }
    }

    fn booked(day: u8) -> Visit<Booked> {
        Visit::start(VisitInput { house: 5 }, Booked { day })
    }

    fn given_up(was: &str, day: u8) -> VisitEnd {
        VisitEnd::GivenUp(GivenUp {
            house: 5,
            was: was.to_owned(),
            day,
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_with_fields_is_made_of_the_machine() {
        let caller = Caller::default();
        for (day, was) in [(3, "Late"), (5, "Outside")] {
            let mut run = booked(day).run(&caller);
            let _remote = run.remote();
            let began = Instant::now();
            assert_eq!(run.await.unwrap(), given_up(was, day));
            assert_eq!(began.elapsed(), Duration::from_secs(61));
            assert_eq!(caller.calls.swap(0, Ordering::Relaxed), 2);
        }

        let mut run = booked(4).run(&caller);
        let remote = run.remote();
        let (end, sent) = tokio::join!(run, remote.knock(7));
        sent.unwrap();
        assert_eq!(end.unwrap(), given_up("Late", 4));
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_whose_state_cannot_be_made_fails_there() {
        let caller = Caller::default();
        let mut run = booked(13).run(&caller);
        let _remote = run.remote();
        let error = run.await.unwrap_err();
        assert!(
            matches!(error.cause(), Cause::Panic(said) if said.contains("13th")),
            "{error:?}"
        );
        assert!(error.to_string().contains("wait"), "{error}");
    }

    #[test]
    fn the_graph_has_it() {
        let wait = Visit::GRAPH.transitions.iter().find(|it| it.name == "wait");
        let fallback = wait.unwrap().policy.fallback.unwrap();
        assert_eq!(Visit::GRAPH.states[fallback].name, "GivenUp");
    }
}
