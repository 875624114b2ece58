//! A monitor of a job that somebody else runs: it is asked for every 30 seconds, and less and less often as nothing changes.
//!
//! Three failures in a row raise an alarm. The operator is told, and the job is not asked for until the operator has acknowledged it.
//! An alarm that cannot be delivered pauses the monitor. After six hours the job is given up, whether there is an alarm or not.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use stateway::Clock;
use stateway::prelude::*;
use stateway::runner::Run;
use stateway::store::Status;
use tokio::time::sleep;

use crate::{SHUT_DOWN, launch, store};

workflow! {
    /// One job.
    #[durable(version = 1)]
    #[derive(Debug, Clone, PartialEq)]
    pub(crate) workflow Monitor {
        input { job: String }

        /// Until the job is done, or given up.
        group Open { until: SystemTime } {
            /// Nobody knows of the alarm yet.
            state Alarming;

            group Awaited {
                start Watching;
                state Alarmed;
            }
        }

        done   Finished { result: String };
        failed TimedOut;

        poll ask every 30s..10m: Watching -> Finished | Alarming
            with retry(3, every 30s), timeout(10s), catch(alarm);
        step tell: Alarming -> Alarmed with retry(5, every 10s), else pause;
        signal acknowledge: Alarmed -> Watching;
        timer give_up at until: Awaited -> TimedOut;
    }
}

/// The answer of the job at each asking, the first of which is 0.
type Job = fn(usize) -> Result<Option<String>, String>;

#[derive(Clone)]
struct Watch {
    job: Job,
    asked: Arc<Mutex<Vec<SystemTime>>>,
    /// The pager of the operator, which may be out of order.
    pager: Arc<Mutex<Result<u32, String>>>,
}

impl Watch {
    fn of(job: Job) -> Self {
        Watch {
            job,
            asked: Arc::default(),
            pager: Arc::new(Mutex::new(Ok(0))),
        }
    }

    /// The pauses between the first askings, in seconds.
    fn pauses(&self) -> Vec<u64> {
        let asked = self
            .asked
            .lock()
            .map_or_else(|_| Vec::new(), |asked| asked.clone());
        let pauses = asked
            .windows(2)
            .filter_map(|two| two[1].duration_since(two[0]).ok());
        pauses.map(|pause| pause.as_secs()).collect()
    }
}

impl MonitorSteps for Watch {
    type Error = String;

    async fn ask(&self, _: &Watching, step: &Step<OnAsk>) -> Result<Option<OnAsk>, String> {
        let number = {
            let mut asked = self.asked.lock().map_err(|error| error.to_string())?;
            asked.push(Clock::tokio().now());
            asked.len() - 1
        };
        let result = (self.job)(number)?;
        Ok(result.map(|result| step.to(Finished { result })))
    }

    async fn alarm(
        &self,
        watching: &Watching,
        _: Cause<String>,
        step: &Step<OnAsk>,
    ) -> Result<Option<OnAsk>, String> {
        let open = watching.open.clone();
        Ok(Some(step.to(Alarming { open })))
    }

    async fn tell(&self, alarming: Alarming, step: &Step<Tell>) -> Result<Tell, String> {
        let mut pager = self.pager.lock().map_err(|error| error.to_string())?;
        *pager.as_mut().map_err(|error| error.clone())? += 1;
        let open = alarming.open;
        Ok(step.to(Alarmed { open }))
    }

    async fn acknowledge(
        &self,
        Alarmed { open }: Alarmed,
        step: &Step<OnAcknowledge>,
    ) -> Result<OnAcknowledge, String> {
        Ok(step.to(Watching { open }))
    }

    async fn give_up(&self, _: GiveUpFrom, step: &Step<OnGiveUp>) -> Result<OnGiveUp, String> {
        Ok(step.to(TimedOut))
    }
}

async fn watch(runner: &Runner<Monitor>) -> Run<Monitor> {
    let until = Clock::tokio().now() + Duration::from_hours(6);
    let job = "backup".to_owned();
    let watching = Watching {
        open: Open { until },
    };
    let started = runner.start("job-1", MonitorInput { job }, watching).await;
    started.expect("it is new")
}

fn finished(result: &str) -> MonitorEnd {
    let result = result.to_owned();
    MonitorEnd::Finished(Finished { result })
}

#[tokio::test(start_paused = true)]
async fn a_job_is_asked_for_less_and_less_often_also_over_a_restart() {
    let store = store();
    let job = Watch::of(|number| Ok((number == 8).then(|| "42 files".to_owned())));
    let runner = launch::<Monitor>(&store, job.clone()).await;
    watch(&runner).await;
    sleep(Duration::from_mins(5)).await;
    runner.shut_down(SHUT_DOWN).await;

    let runner = launch::<Monitor>(&store, job.clone()).await;
    let run = runner.get("job-1").await.unwrap().expect("it is stored");
    assert_eq!(run.end().await.unwrap(), finished("42 files"));
    assert_eq!(job.pauses(), [30, 60, 120, 240, 480, 600, 600, 600]);
}

#[tokio::test(start_paused = true)]
async fn three_failures_in_a_row_raise_an_alarm_and_two_do_not() {
    let job = Watch::of(|number| match number {
        0 | 1 | 3 | 4 | 5 => Err("no answer".to_owned()),
        2 => Ok(None),
        _ => Ok(Some("late".to_owned())),
    });
    let runner = launch::<Monitor>(&store(), job.clone()).await;
    let run = watch(&runner).await;
    let alarmed = |monitor: &AnyMonitor| matches!(monitor, AnyMonitor::Alarmed(_));
    let _ = run.reached(alarmed).await.expect("it fails");
    assert_eq!(*job.pager.lock().unwrap(), Ok(1));
    assert_eq!(job.pauses().len(), 5);
    run.acknowledge().await.expect("it is alarmed");
    assert_eq!(run.end().await.unwrap(), finished("late"));
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_cannot_be_told_pauses_the_monitor_until_it_can() {
    let job = Watch::of(|number| match number {
        0..3 => Err("no answer".to_owned()),
        _ => Ok(None),
    });
    *job.pager.lock().unwrap() = Err("no battery".to_owned());
    let runner = launch::<Monitor>(&store(), job.clone()).await;
    let run = watch(&runner).await;
    sleep(Duration::from_hours(7)).await;
    assert_eq!(run.info().await.unwrap().status, Status::Paused);

    *job.pager.lock().unwrap() = Ok(0);
    runner.by("operator 7").resume("job-1").await.unwrap();
    // It is late by now: the alarm is told all the same.
    assert_eq!(run.end().await.unwrap(), MonitorEnd::TimedOut(TimedOut));
    assert_eq!(*job.pager.lock().unwrap(), Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_never_done_is_given_up_after_six_hours() {
    let runner = launch::<Monitor>(&store(), Watch::of(|_| Ok(None))).await;
    let run = watch(&runner).await;
    assert_eq!(run.end().await.unwrap(), MonitorEnd::TimedOut(TimedOut));
    let info = run.info().await.unwrap();
    let took = info
        .ended
        .and_then(|ended| ended.duration_since(info.started).ok());
    assert_eq!(took.map(|took| took.as_secs() / 60), Some(360));
}
