//! Random scripts of signals, pauses and restarts, against a plain model of what comes first: in memory and in a store the same
//! transitions are taken.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_assert_eq, prop_oneof, proptest};
use stateway::prelude::*;
use stateway::store::Event;
use stateway::{Clock, MemoryStore};
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep, sleep_until};

use crate::support::rounds;

workflow! {
    #[derive(Debug, Clone)]
    #[durable(version = 1)]
    workflow Lamp {
        start Off;
        state On { patience: Duration };
        state Dim;
        state Flash;
        done Broken;

        signal turn_on(u64): Off | Dim -> On;
        signal turn_off: On | Dim -> Off;
        signal flash: On -> Flash;
        signal smash: Off | On | Dim -> Broken;
        timer fade after patience: On -> Dim;
        timer rest after 4013ms: Dim -> Off;
        timer nap after 9013ms: Off | On -> Dim;
        signal dust: On;
        timer blink every 3019ms: On;
        timer warn after 2027ms: Dim;
        poll look every 1511ms..3s: Off -> On;
        step calm: Flash -> Dim;
    }
}

/// Timers end a little after a whole second, and signals come at one: so none of them meet, though a runner may be some
/// milliseconds late.
const ODD: Duration = Duration::from_millis(13);

/// The time that it is on after a look.
const LOOK: Duration = Duration::from_millis(4021);

/// The transitions taken, and the askings of the poll in each stay: with the third there is light.
#[derive(Default)]
struct Room(Mutex<Vec<&'static str>>, Arc<Mutex<BTreeMap<String, u32>>>);

impl Room {
    fn note(&self, transition: &'static str) {
        self.0.lock().unwrap().push(transition);
    }
}

impl LampSteps for Room {
    type Error = String;

    async fn turn_on(
        &self,
        _: TurnOnFrom,
        seconds: u64,
        step: &Step<OnTurnOn>,
    ) -> Result<OnTurnOn, String> {
        self.note("turn_on");
        let patience = Duration::from_secs(seconds) + ODD;
        Ok(step.to(On { patience }))
    }

    async fn turn_off(&self, _: TurnOffFrom, step: &Step<OnTurnOff>) -> Result<OnTurnOff, String> {
        self.note("turn_off");
        Ok(step.to(Off))
    }

    async fn flash(&self, _: On, step: &Step<OnFlash>) -> Result<OnFlash, String> {
        self.note("flash");
        Ok(step.to(Flash))
    }

    async fn smash(&self, _: SmashFrom, step: &Step<OnSmash>) -> Result<OnSmash, String> {
        self.note("smash");
        Ok(step.to(Broken))
    }

    async fn fade(&self, _: On, step: &Step<OnFade>) -> Result<OnFade, String> {
        self.note("fade");
        Ok(step.to(Dim))
    }

    async fn rest(&self, _: Dim, step: &Step<OnRest>) -> Result<OnRest, String> {
        self.note("rest");
        Ok(step.to(Off))
    }

    async fn nap(&self, _: NapFrom, step: &Step<OnNap>) -> Result<OnNap, String> {
        self.note("nap");
        Ok(step.to(Dim))
    }

    async fn dust(&self, _: &mut On, _: &Step<OnDust>) -> Result<(), String> {
        self.note("dust");
        Ok(())
    }

    async fn blink(&self, _: &mut On, _: &Step<OnBlink>) -> Result<(), String> {
        self.note("blink");
        Ok(())
    }

    async fn warn(&self, _: &mut Dim, _: &Step<OnWarn>) -> Result<(), String> {
        self.note("warn");
        Ok(())
    }

    async fn look(&self, _: &Off, step: &Step<OnLook>) -> Result<Option<OnLook>, String> {
        let mut asked = self.1.lock().unwrap();
        let asked = asked.entry(step.key().to_string()).or_default();
        *asked += 1;
        Ok((*asked == 3).then(|| {
            self.note("look");
            step.to(On { patience: LOOK })
        }))
    }

    async fn calm(&self, _: Flash, step: &Step<Calm>) -> Result<Calm, String> {
        self.note("calm");
        Ok(step.to(Dim))
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Signal {
    TurnOn(u64),
    TurnOff,
    Flash,
    Smash,
    Dust,
}

#[derive(Debug, Clone, Copy)]
enum Action {
    Send(Signal),
    Wait(u64),
    /// Nobody drives it for this many seconds.
    Restart(u64),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let signal = prop_oneof![
        4 => (0..12u64).prop_map(Signal::TurnOn),
        3 => Just(Signal::TurnOff),
        2 => Just(Signal::Flash),
        1 => Just(Signal::Smash),
        2 => Just(Signal::Dust),
    ];
    let pause = prop_oneof![
        4 => (1..8u64).prop_map(Action::Wait),
        1 => (1..15u64).prop_map(Action::Restart),
    ];
    // A few signals a second, so that they are all sent in its first milliseconds.
    let part = (vec(signal.prop_map(Action::Send), 0..4), pause);
    vec(part, 1..10).prop_map(|parts| {
        let parts = parts.into_iter();
        parts
            .flat_map(|(sent, pause)| sent.into_iter().chain([pause]))
            .collect()
    })
}

/// The law, written out. Times are in milliseconds.
struct Model {
    now: u64,
    state: &'static str,
    entered: u64,
    patience: u64,
    inbox: VecDeque<(Signal, u64)>,
    taken: Vec<&'static str>,
    /// Of what stays in the state: when it was due last, and how often.
    fired: BTreeMap<&'static str, (u64, u64)>,
}

impl Model {
    fn new() -> Self {
        Model {
            now: 0,
            state: "Off",
            entered: 0,
            patience: 0,
            inbox: VecDeque::new(),
            taken: Vec::new(),
            fired: BTreeMap::new(),
        }
    }

    fn timers(&self) -> Vec<(&'static str, u64)> {
        let of_state = match self.state {
            "On" => vec![("fade", self.patience), ("nap", 9013)],
            "Dim" => vec![("rest", 4013)],
            "Off" => vec![("nap", 9013)],
            _ => vec![],
        };
        let due = of_state
            .into_iter()
            .map(|(name, after)| (name, self.entered + after));
        let fired = |name| self.fired.get(name).copied();
        let stays = match self.state {
            "On" => Some((
                "blink",
                fired("blink").map_or(self.entered, |it| it.0) + 3019,
            )),
            "Dim" if fired("warn").is_none() => Some(("warn", self.entered + 2027)),
            "Off" => Some(match fired("look") {
                None => ("look", self.entered),
                Some((asked, 1)) => ("look", asked + 1511),
                Some((asked, _)) => ("look", asked + 3000),
            }),
            _ => None,
        };
        due.chain(stays).collect()
    }

    /// A timer that was due then, or the poll.
    fn fires(&mut self, name: &'static str, due: u64) {
        let times = self.fired.get(name).map_or(1, |it| it.1 + 1);
        match name {
            "rest" => self.enter(name, "Off"),
            "fade" | "nap" => self.enter(name, "Dim"),
            "look" if times == 3 => {
                self.patience = 4021;
                self.enter(name, "On");
            }
            "look" => drop(self.fired.insert(name, (self.now, times))),
            "blink" => {
                let missed = (self.now - due) / 3019;
                self.fired.insert(name, (due + missed * 3019, times));
                self.taken.push(name);
            }
            _ => {
                self.fired.insert(name, (due, times));
                self.taken.push(name);
            }
        }
    }

    fn takes(&self, signal: Signal) -> bool {
        match signal {
            Signal::TurnOn(_) => ["Off", "Dim"].contains(&self.state),
            Signal::TurnOff => ["On", "Dim"].contains(&self.state),
            Signal::Flash | Signal::Dust => self.state == "On",
            Signal::Smash => self.state != "Broken",
        }
    }

    fn enter(&mut self, transition: &'static str, state: &'static str) {
        self.taken.push(transition);
        self.state = state;
        self.entered = self.now;
        self.fired.clear();
    }

    /// Takes all that happens by now.
    fn settle(&mut self) {
        loop {
            let timer = self.timers().into_iter().min_by_key(|(_, due)| *due);
            let message = self
                .inbox
                .iter()
                .position(|(signal, _)| self.takes(*signal));
            let came = message.map(|number| self.inbox[number].1);
            match (timer, message) {
                (Some((name, due)), _) if due <= self.now && came.is_none_or(|came| due < came) => {
                    self.fires(name, due);
                }
                (_, Some(number)) => match self.inbox.remove(number).unwrap().0 {
                    Signal::TurnOn(seconds) => {
                        self.patience = seconds * 1000 + 13;
                        self.enter("turn_on", "On");
                    }
                    Signal::TurnOff => self.enter("turn_off", "Off"),
                    Signal::Flash => {
                        self.enter("flash", "Flash");
                        self.enter("calm", "Dim");
                    }
                    Signal::Smash => self.enter("smash", "Broken"),
                    Signal::Dust => self.taken.push("dust"),
                },
                _ => return,
            }
        }
    }

    /// Time passes while somebody drives it.
    fn pass(&mut self, until: u64) {
        while let Some(due) = self.timers().iter().map(|(_, due)| *due).min()
            && due <= until
        {
            self.now = due;
            self.settle();
        }
        self.now = until;
    }

    fn run(script: &[Action], restarts: bool) -> Vec<&'static str> {
        let mut model = Model::new();
        model.settle();
        for action in script {
            match *action {
                Action::Send(signal) => {
                    if model.state != "Broken" {
                        model.inbox.push_back((signal, model.now));
                    }
                    model.settle();
                }
                Action::Restart(seconds) if restarts => {
                    model.now += seconds * 1000;
                    model.settle();
                }
                Action::Wait(seconds) | Action::Restart(seconds) => {
                    model.pass(model.now + seconds * 1000);
                }
            }
        }
        model.taken
    }
}

/// A moment for the run to take what was sent; far less than what a timer is late.
async fn breathe() {
    sleep(Duration::from_millis(1)).await;
}

/// The whole seconds of a script.
struct Seconds {
    next: Instant,
}

impl Seconds {
    fn new() -> Self {
        Seconds {
            next: Instant::now(),
        }
    }

    async fn wait(&mut self, seconds: u64) {
        self.next += Duration::from_secs(seconds);
        sleep_until(self.next).await;
    }
}

async fn in_memory(script: &[Action]) -> Vec<&'static str> {
    let room = Room::default();
    {
        let mut run = Lamp::start(Off).run(&room);
        let remote = run.remote();
        let script = async {
            let mut seconds = Seconds::new();
            breathe().await;
            for action in script {
                match *action {
                    // One that has ended takes none.
                    Action::Send(signal) => drop(match signal {
                        Signal::TurnOn(seconds) => remote.turn_on(seconds).await,
                        Signal::TurnOff => remote.turn_off().await,
                        Signal::Flash => remote.flash().await,
                        Signal::Smash => remote.smash().await,
                        Signal::Dust => remote.dust().await,
                    }),
                    Action::Wait(pause) | Action::Restart(pause) => seconds.wait(pause).await,
                }
                breathe().await;
            }
        };
        tokio::select! {
            biased;
            () = script => {}
            // It has come to its end, and the script goes on without it.
            _ = run => {}
        }
    }
    room.0.into_inner().unwrap()
}

async fn stored(script: &[Action]) -> Vec<String> {
    let store = Arc::new(MemoryStore::new());
    let asked = Arc::default();
    let launch = async || {
        let room = Room(Mutex::default(), Arc::clone(&asked));
        let runner = Runner::<Lamp>::builder(room).clock(Clock::tokio());
        let runner = runner.store(Arc::clone(&store));
        runner.launch().await.unwrap()
    };
    let mut runner = launch().await;
    let mut seconds = Seconds::new();
    let run = runner.start("lamp", (), Off).await.unwrap();
    breathe().await;
    for action in script {
        let run = runner
            .get("lamp")
            .await
            .unwrap()
            .unwrap_or_else(|| run.clone());
        match *action {
            Action::Send(signal) => match signal {
                Signal::TurnOn(seconds) => drop(run.turn_on(seconds).await),
                Signal::TurnOff => drop(run.turn_off().await),
                Signal::Flash => drop(run.flash().await),
                Signal::Smash => drop(run.smash().await),
                Signal::Dust => drop(run.dust().await),
            },
            Action::Wait(pause) => seconds.wait(pause).await,
            Action::Restart(pause) => {
                runner.shut_down(Duration::ZERO).await;
                seconds.wait(pause).await;
                runner = launch().await;
            }
        }
        breathe().await;
    }
    // For the last of them.
    breathe().await;
    let history = runner.history("lamp").await.unwrap();
    runner.shut_down(Duration::from_secs(1)).await;
    let taken = history.into_iter().filter_map(|row| match row.event {
        Event::Transition { transition, .. } => Some(transition.into_owned()),
        _ => None,
    });
    taken.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(rounds(150)))]

    #[test]
    fn what_is_taken_is_what_the_law_says(script in actions()) {
        let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        prop_assert_eq!(runtime.block_on(in_memory(&script)), Model::run(&script, false));
        prop_assert_eq!(runtime.block_on(stored(&script)), Model::run(&script, true));
    }
}
