//! Timers and polls whose times a state or the input says.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use stateway::prelude::*;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    workflow Parcel {
        input { patience: Duration, until: SystemTime, pause: Duration }

        start Sent { often: Duration, longest: Duration };
        state Stored { often: Duration };
        done  Returned;
        failed Lost;

        poll look every often..longest: Sent -> Stored | Lost with retry(2, every input.pause), catch(blind);
        timer expire after input.patience: Sent -> Returned;
        timer remind every often: Stored with catch(forgotten);
        timer give_back at input.until: Stored -> Returned;
        timer lose after input.patience: Stored -> Lost;
    }
}

/// A post that notes when it was asked, and finds the parcel when it was asked so often.
struct Post {
    begun: Instant,
    finds: usize,
    fails: bool,
    asked: Mutex<Vec<u64>>,
    said: Mutex<Vec<String>>,
}

impl Post {
    fn new(finds: usize) -> Self {
        Post {
            begun: Instant::now(),
            finds,
            fails: false,
            asked: Mutex::default(),
            said: Mutex::default(),
        }
    }

    fn seconds(&self) -> u64 {
        self.begun.elapsed().as_secs()
    }

    fn say(&self, what: String) {
        self.said.lock().unwrap().push(what);
    }
}

impl ParcelSteps for Post {
    type Error = String;

    async fn look(&self, sent: &Sent, step: &Step<OnLook>) -> Result<Option<OnLook>, String> {
        let mut asked = self.asked.lock().unwrap();
        asked.push(self.seconds());
        if self.fails {
            return Err("blind".into());
        }
        let often = sent.longest;
        let is_found = asked.len() == self.finds;
        Ok(is_found.then(|| step.to(Stored { often })))
    }

    async fn blind(
        &self,
        _: &Sent,
        cause: Cause<String>,
        step: &Step<OnLook>,
    ) -> Result<Option<OnLook>, String> {
        self.say(cause.to_string());
        Ok(Some(step.to(Lost)))
    }

    async fn expire(&self, _: Sent, step: &Step<OnExpire>) -> Result<OnExpire, String> {
        Ok(step.to(Returned))
    }

    async fn remind(&self, _: &mut Stored, _: &Step<OnRemind>) -> Result<(), String> {
        self.say(format!("reminded in second {}", self.seconds()));
        Ok(())
    }

    async fn forgotten(
        &self,
        _: &mut Stored,
        cause: Cause<String>,
        _: &Step<OnRemind>,
    ) -> Result<(), String> {
        self.say(cause.to_string());
        Ok(())
    }

    async fn give_back(&self, _: Stored, step: &Step<OnGiveBack>) -> Result<OnGiveBack, String> {
        Ok(step.to(Returned))
    }

    async fn lose(&self, _: Stored, step: &Step<OnLose>) -> Result<OnLose, String> {
        Ok(step.to(Lost))
    }
}

fn input(patience: u64) -> ParcelInput {
    ParcelInput {
        patience: SECOND * u32::try_from(patience).unwrap(),
        until: SystemTime::now() + Duration::from_hours(1),
        pause: SECOND,
    }
}

fn sent(often: u32, longest: u32) -> Sent {
    let (often, longest) = (SECOND * often, SECOND * longest);
    Sent { often, longest }
}

#[tokio::test(start_paused = true)]
async fn a_poll_pauses_as_long_as_fields_say_and_a_timer_fires_after_one_of_the_input() {
    let post = Post::new(usize::MAX);
    let end = Parcel::start(input(40), sent(2, 9)).run(&post).await;
    assert_eq!(end.unwrap(), ParcelEnd::Returned(Returned));
    // After 2, 4, 8, and then 9 seconds each time.
    assert_eq!(*post.asked.lock().unwrap(), [0, 2, 6, 14, 23, 32]);
    assert_eq!(post.seconds(), 40);
}

#[tokio::test(start_paused = true)]
async fn a_timer_fires_every_so_often_as_a_field_says() {
    let post = Post::new(1);
    let end = Parcel::start(input(100), sent(7, 30)).run(&post).await;
    assert_eq!(end.unwrap(), ParcelEnd::Lost(Lost));
    let said = [30, 60, 90].map(|second| format!("reminded in second {second}"));
    assert_eq!(*post.said.lock().unwrap(), said);
}

#[tokio::test(start_paused = true)]
async fn a_clause_of_a_poll_reads_the_input() {
    let mut post = Post::new(usize::MAX);
    post.fails = true;
    let end = Parcel::start(input(40), sent(5, 9)).run(&post).await;
    assert_eq!(end.unwrap(), ParcelEnd::Lost(Lost));
    assert_eq!(*post.asked.lock().unwrap(), [0, 1]);
    assert_eq!(*post.said.lock().unwrap(), ["failed: blind"]);
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_cannot_be_is_refused_at_once_and_the_handler_is_not_called() {
    for (often, longest, text) in [
        (
            0,
            9,
            "could not begin: `every` of `look` reads `often`, which is 0s: it must be longer than 0s",
        ),
        (
            10,
            9,
            "could not begin: `every` of `look` reads `often`, which is 10s: it must be at most 9s",
        ),
    ] {
        let post = Post::new(1);
        let end = Parcel::start(input(40), sent(often, longest))
            .run(&post)
            .await;
        assert_eq!(end.unwrap(), ParcelEnd::Lost(Lost));
        assert_eq!(*post.said.lock().unwrap(), [text]);
        assert_eq!((post.asked.lock().unwrap().len(), post.seconds()), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_timer_whose_pause_is_refused_comes_once_and_the_run_goes_on() {
    let post = Post::new(1);
    let stored = Parcel::start(input(40), sent(1, 1)).look(|_| Stored {
        often: Duration::ZERO,
    });
    let end = stored.run(&post).await;
    assert_eq!(end.unwrap(), ParcelEnd::Lost(Lost));
    let text = "could not begin: `every` of `remind` reads `often`, which is 0s: it must be longer than 0s";
    assert_eq!(*post.said.lock().unwrap(), [text]);
    assert_eq!(post.seconds(), 40);
}

#[test]
fn the_diagram_names_the_fields() {
    let mermaid = Parcel::GRAPH.mermaid().to_string();
    for label in [
        "look every often..longest",
        "expire after input.patience",
        "remind every often, internal",
        "give_back at input.until",
    ] {
        assert!(mermaid.contains(label), "{mermaid}");
    }
}
