//! Branches on tasks of their own.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use stateway::prelude::*;
use tokio::time::sleep;

workflow! {
    workflow Render {
        start Asked { frames: Vec<u32> };
        state Rendered { frames: Vec<u32> };
        done Shown { by: &'static str };
        split render as Rendering: Asked -> Rendered {
            each frame in frames: u32 => u32, at most 2 with spawn;
            join all;
        }
        split show: Rendered -> Shown {
            branch here: &'static str;
            branch there: &'static str with spawn;
            join any;
        }
    }
}

struct Studio {
    /// Two frames at a time meet here: on one thread they never would.
    both: Option<Barrier>,
    threads: Mutex<HashSet<ThreadId>>,
    told: AtomicBool,
    alive: AtomicUsize,
    frame_panics: bool,
    here_waits: bool,
}

impl Studio {
    fn new() -> Arc<Self> {
        Arc::new(Studio::default())
    }

    async fn run(self: &Arc<Self>) -> Result<RenderEnd, RunError<()>> {
        let frames = (0..4).collect();
        Render::start(Asked { frames }).run(self).await
    }
}

impl Default for Studio {
    fn default() -> Self {
        Studio {
            both: None,
            threads: Mutex::default(),
            told: AtomicBool::new(false),
            alive: AtomicUsize::new(0),
            frame_panics: false,
            here_waits: false,
        }
    }
}

struct Alive<'a>(&'a Studio);

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl RenderSteps for Studio {
    type Error = ();

    async fn frame(
        &self,
        asked: &Asked,
        frame: &u32,
        branch: &Branch<Rendering>,
    ) -> Result<u32, ()> {
        assert_eq!(asked.frames[branch.index()], *frame);
        assert!(!(self.frame_panics && *frame == 2), "the film tore");
        if let Some(both) = &self.both {
            both.wait();
        }
        let thread = std::thread::current().id();
        self.threads.lock().expect("nobody holds it").insert(thread);
        Ok(frame * 10)
    }

    async fn render(
        &self,
        asked: Asked,
        joined: RenderingJoined,
        step: &Step<Rendering>,
    ) -> Result<Rendering, ()> {
        // The state has come back from the tasks that shared it.
        assert_eq!(asked.frames.len(), joined.len());
        Ok(step.to(Rendered { frames: joined }))
    }

    async fn here(&self, rendered: &Rendered, _: &Branch<Show>) -> Result<&'static str, ()> {
        assert_eq!(rendered.frames, [0, 10, 20, 30]);
        if self.here_waits {
            std::future::pending::<()>().await;
        }
        // The other is to begin before this one has won.
        while self.alive.load(Ordering::SeqCst) == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        Ok("here")
    }

    async fn there(&self, _: &Rendered, branch: &Branch<Show>) -> Result<&'static str, ()> {
        self.alive.fetch_add(1, Ordering::SeqCst);
        let _alive = Alive(self);
        if self.here_waits {
            return Ok("there");
        }
        // Computes, and looks at its token now and then.
        while !branch.cancellation().is_cancelled() {
            std::thread::yield_now();
        }
        self.told.store(true, Ordering::SeqCst);
        Err(())
    }

    async fn show(&self, _: Rendered, joined: ShowJoined, step: &Step<Show>) -> Result<Show, ()> {
        assert_eq!(self.alive.load(Ordering::SeqCst), 0, "the task has gone");
        let (ShowJoined::Here(by) | ShowJoined::There(by)) = joined;
        Ok(step.to(Shown { by }))
    }
}

fn by(end: Result<RenderEnd, RunError<()>>) -> &'static str {
    let RenderEnd::Shown(shown) = end.expect("it ends");
    shown.by
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn branches_with_spawn_run_on_several_threads_at_once() {
    let studio = Arc::new(Studio {
        both: Some(Barrier::new(2)),
        ..Studio::default()
    });
    by(studio.run().await);
    assert_eq!(studio.threads.lock().expect("nobody holds it").len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_is_not_needed_any_more_is_told_and_has_gone_before_the_join_handler_runs() {
    let studio = Studio::new();
    assert_eq!(by(studio.run().await), "here");
    assert!(studio.told.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_task_may_win_over_a_branch_that_waits() {
    let studio = Arc::new(Studio {
        here_waits: true,
        ..Studio::default()
    });
    assert_eq!(by(studio.run().await), "there");
}

#[tokio::test]
async fn a_panic_of_a_task_is_the_failure_of_its_branch() {
    let studio = Arc::new(Studio {
        frame_panics: true,
        ..Studio::default()
    });
    let error = studio.run().await.err().expect("a frame is missing");
    let Cause::Join(join) = error.cause() else {
        panic!("{error:?}");
    };
    let [failure] = &join.failures[..] else {
        panic!("{join:?}");
    };
    assert_eq!(failure.item(), Some(2));
    assert_eq!(failure.cause(), &Cause::Panic("the film tore".into()));
}

mod waiting {
    use super::*;
    use tokio::sync::{Notify, oneshot};

    workflow! {
        workflow Wait {
            start Begun;
            done Over;
            split wait as Waiting: Begun -> Over {
                branch task: () with spawn;
                branch other: ();
                join all;
            }
        }
    }

    struct Bench {
        begun: Notify,
        gone: Mutex<Option<oneshot::Sender<()>>>,
    }

    struct Gone<'a>(&'a Bench);

    impl Drop for Gone<'_> {
        fn drop(&mut self) {
            let sender = self.0.gone.lock().expect("nobody holds it").take();
            let sender = sender.expect("one task goes");
            sender.send(()).expect("it is awaited");
        }
    }

    impl WaitSteps for Bench {
        type Error = ();

        async fn task(&self, _: &Begun, _: &Branch<Waiting>) -> Result<(), ()> {
            let _gone = Gone(self);
            self.begun.notify_one();
            std::future::pending().await
        }

        async fn other(&self, _: &Begun, _: &Branch<Waiting>) -> Result<(), ()> {
            std::future::pending().await
        }

        async fn wait(
            &self,
            _: Begun,
            _: WaitingJoined,
            step: &Step<Waiting>,
        ) -> Result<Waiting, ()> {
            Ok(step.to(Over))
        }
    }

    #[tokio::test]
    async fn a_run_that_is_dropped_aborts_its_tasks() {
        let (sender, gone) = oneshot::channel();
        let bench = Arc::new(Bench {
            begun: Notify::new(),
            gone: Mutex::new(Some(sender)),
        });
        tokio::select! {
            _ = Wait::start(Begun).run(&bench) => unreachable!("it waits for ever"),
            () = bench.begun.notified() => {}
        }
        // It would wait for ever if the task went on.
        gone.await.expect("the task says that it goes");
    }
}

mod stopped {
    use super::*;
    use std::time::Instant;

    workflow! {
        #[derive(Clone)]
        workflow Compute {
            start Asked;
            state Begun;
            done Over;
            step begin: Asked -> Begun with undo(forget);
            split compute as Computing: Begun -> Over with timeout(20ms), retry(2, every 1ms), catch(late) {
                branch one: () with spawn;
                branch two: ();
                join all;
            }
        }
    }

    #[derive(Default)]
    struct Machine {
        /// The task cancels its run when it is told to stop.
        cancels: bool,
        token: CancellationToken,
        computing: AtomicUsize,
        calls: AtomicUsize,
        log: Mutex<Vec<&'static str>>,
    }

    impl Machine {
        /// A value that must not meet a computation.
        fn alone(&self, what: &'static str) {
            assert_eq!(self.computing.load(Ordering::SeqCst), 0, "{what}");
            self.log.lock().expect("nobody holds it").push(what);
        }
    }

    impl ComputeSteps for Machine {
        type Error = ();

        async fn begin(&self, _: Asked, step: &Step<Begin>) -> Result<Begin, ()> {
            Ok(step.to(Begun))
        }

        async fn forget(&self, _: Begun, _: &Undo<Begin>) -> Result<(), ()> {
            self.alone("undo");
            Ok(())
        }

        async fn one(&self, _: &Begun, branch: &Branch<Computing>) -> Result<(), ()> {
            self.alone("call");
            self.computing.fetch_add(1, Ordering::SeqCst);
            self.calls.fetch_add(1, Ordering::SeqCst);
            // Goes on for a while when it was told to stop.
            while !branch.cancellation().is_cancelled() {
                std::thread::yield_now();
            }
            if self.cancels {
                self.token.cancel();
            }
            let told = Instant::now();
            while told.elapsed() < Duration::from_millis(30) {
                std::thread::yield_now();
            }
            self.computing.fetch_sub(1, Ordering::SeqCst);
            Err(())
        }

        async fn two(&self, _: &Begun, _: &Branch<Computing>) -> Result<(), ()> {
            std::future::pending().await
        }

        async fn compute(
            &self,
            _: Begun,
            _: ComputingJoined,
            step: &Step<Computing>,
        ) -> Result<Computing, ()> {
            Ok(step.to(Over))
        }

        async fn late(
            &self,
            _: Begun,
            cause: Cause<()>,
            _: &Step<Computing>,
        ) -> Result<Computing, ()> {
            assert!(matches!(cause, Cause::Timeout { .. }));
            self.alone("catch");
            Err(())
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_run_that_is_cancelled_while_a_task_computes_makes_no_other_call() {
        let machine = Arc::new(Machine {
            cancels: true,
            ..Machine::default()
        });
        let run = Compute::start(Asked).run(&machine);
        let outcome = run.cancelled_by(machine.token.clone()).await;
        let cause = outcome.err().expect("it was cancelled").into_cause();
        assert!(matches!(cause, Cause::Cancelled { .. }), "{cause:?}");
        let log = machine.log.lock().expect("nobody holds it");
        assert_eq!(*log, ["call", "undo"]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_call_catch_or_undo_meets_a_task_that_still_computes() {
        let machine = Arc::new(Machine::default());
        let error = Compute::start(Asked).run(&machine).await;
        assert!(error.is_err());
        let log = machine.log.lock().expect("nobody holds it");
        assert_eq!(*log, ["call", "call", "catch", "undo"]);
    }
}

mod late {
    use super::*;

    workflow! {
        workflow Compute {
            start Asked;
            done Over { ended: usize };
            split compute as Computing: Asked -> Over {
                branch one: () with spawn;
                branch two: ();
                join settled within 20ms;
            }
        }
    }

    struct Machine;

    impl ComputeSteps for Machine {
        type Error = ();

        async fn one(&self, _: &Asked, _: &Branch<Computing>) -> Result<(), ()> {
            // Holds the one thread that there is, so that no timer fires in time.
            std::thread::sleep(Duration::from_millis(60));
            Ok(())
        }

        async fn two(&self, _: &Asked, _: &Branch<Computing>) -> Result<(), ()> {
            Ok(())
        }

        async fn compute(
            &self,
            _: Asked,
            joined: ComputingJoined<()>,
            step: &Step<Computing>,
        ) -> Result<Computing, ()> {
            let ended = [joined.one.is_done(), joined.two.is_done()];
            let ended = ended.iter().filter(|is_done| **is_done).count();
            Ok(step.to(Over { ended }))
        }
    }

    #[tokio::test]
    async fn what_is_seen_too_late_has_not_ended_in_time() {
        let end = Compute::start(Asked).run(&Arc::new(Machine)).await;
        let ComputeEnd::Over(over) = end.expect("it ends");
        assert_eq!(over.ended, 1);
    }
}

#[test]
fn without_the_runtime_of_tokio_a_task_is_a_failure_that_says_so() {
    let studio = Studio::new();
    let error = pollster::block_on(studio.run())
        .err()
        .expect("there is no runtime");
    let Cause::Join(join) = error.cause() else {
        panic!("{error:?}");
    };
    let Cause::Panic(message) = join.failures[0].cause() else {
        panic!("{join:?}");
    };
    assert!(message.contains("needs the runtime of tokio"), "{message}");
    assert_eq!(join.failures[0].attempts(), 0);
}
