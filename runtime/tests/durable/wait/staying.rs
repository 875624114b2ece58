//! In memory: what happens to a run that waits and stays in its state.

use tokio::time::sleep;

use super::parcel::*;

#[tokio::test(start_paused = true)]
async fn a_poll_asks_at_once_and_then_ever_less_often_until_it_is_time() {
    let depot = Depot::new(5);
    let mut run = Parcel::start(Packed).run(&depot);
    let remote = run.remote();
    remote.send(MINUTE * 1_000).await.unwrap();
    let end = run.await.unwrap();
    assert_eq!(depot.minutes("track"), [0, 3, 9, 21, 33]);
    let ParcelEnd::Delivered(Delivered { notes }) = end else {
        panic!("it arrives: {end:?}")
    };
    assert_eq!(notes, ["reminded"; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_not_answered_yet_is_one_visit_with_one_key() {
    let mut depot = Depot::new(4);
    depot.unreachable = vec![2];
    let mut run = Parcel::start(Packed).run(&depot);
    run.remote().send(MINUTE * 1_000).await.unwrap();
    let _ = run.await.unwrap();
    let keys = depot.said("track");
    assert_eq!(keys.len(), 4);
    assert!(keys[..2].iter().all(|key| *key == keys[0]), "{keys:?}");
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_fails_is_tried_again_and_then_caught() {
    let mut depot = Depot::new(4);
    depot.unreachable = vec![2, 3];
    let mut run = Parcel::start(Packed).run(&depot);
    run.remote().send(MINUTE * 1_000).await.unwrap();
    assert!(matches!(run.await, Ok(ParcelEnd::Delivered(_))));
    assert_eq!(depot.said("look"), ["look after 2: no line"]);
    assert_eq!(depot.minutes("track"), [0, 3, 3, 9]);
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_stays_fires_again_and_again_and_postpones_nothing() {
    let depot = Depot::new(u32::MAX);
    let mut run = Parcel::start(Packed).run(&depot);
    run.remote().send(MINUTE * 1_000).await.unwrap();
    assert!(matches!(run.await, Ok(ParcelEnd::Lost(_))));
    assert_eq!(
        depot.minutes("remind"),
        (1..=12).map(|it| it * 10).collect::<Vec<_>>()
    );
    assert_eq!(depot.minutes("nudge"), [25]);
    // As it was led to.
    assert_eq!(depot.said("recalled"), ["recalled with 0 notes"]);
}

#[tokio::test(start_paused = true)]
async fn a_timer_at_a_field_that_stays_reads_the_field_again() {
    let depot = Depot::new(u32::MAX);
    let mut run = Parcel::start(Packed).run(&depot);
    run.remote().send(MINUTE * 7).await.unwrap();
    let _ = run.await.unwrap();
    assert_eq!(depot.minutes("call"), [7, 27, 47]);
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_stays_changes_the_state_under_a_key_of_its_own() {
    let depot = Depot::new(3);
    *depot.refuses.lock().unwrap() = 1;
    let mut run = Parcel::start(Packed).run(&depot);
    let remote = run.remote();
    let sends = async {
        remote.send(MINUTE * 1_000).await.unwrap();
        sleep(MINUTE).await;
        for text in ["fragile", "heavy"] {
            remote.note(Note { text: text.into() }).await.unwrap();
        }
    };
    let (end, ()) = tokio::join!(run, sends);
    let Ok(ParcelEnd::Delivered(Delivered { notes })) = end else {
        panic!("it arrives: {end:?}")
    };
    // An attempt that failed has changed a copy.
    assert_eq!(notes, ["fragile in attempt 2", "heavy in attempt 1"]);
    let keys = depot.said("note");
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[1], keys[2]);
    // The poll goes on with its pauses.
    assert_eq!(depot.minutes("track"), [0, 3, 9]);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_only_a_poll_leaves_needs_no_remote() {
    let depot = Depot::new(1);
    let run = Parcel::start(Packed).hold_it().run(&depot);
    assert!(matches!(run.await, Ok(ParcelEnd::Delivered(_))));
    assert_eq!(depot.minutes("release"), [0, 5, 10]);
}

trait HoldIt {
    fn hold_it(self) -> Parcel<Held>;
}

impl HoldIt for Parcel<Packed> {
    fn hold_it(self) -> Parcel<Held> {
        let call = std::time::SystemTime::UNIX_EPOCH;
        let sent = self.send(MINUTE, |_, _| Sent {
            notes: Vec::new(),
            call,
            track: 0,
        });
        sent.hold(2, |_, days| Held { days })
    }
}

#[test]
fn what_stays_is_a_method_of_the_machine_that_changes_its_state() {
    let call = std::time::SystemTime::UNIX_EPOCH;
    let sent = Parcel::start(Packed).send(MINUTE, |_, _| Sent {
        notes: Vec::new(),
        call,
        track: 0,
    });
    let text = "fragile".to_owned();
    let sent = sent.note(Note { text }, |sent, note| sent.notes.push(note.text));
    let sent = sent.remind(|sent| sent.track += 1);
    assert_eq!(
        (&sent.notes[..], sent.track),
        (&["fragile".to_owned()][..], 1)
    );
    let delivered = sent.track(|sent| Delivered { notes: sent.notes });
    assert_eq!(delivered.notes, ["fragile"]);
}

#[test]
fn the_graph_and_its_pictures_show_what_stays() {
    let graph = Parcel::GRAPH;
    let note = graph
        .transitions
        .iter()
        .find(|it| it.name == "note")
        .unwrap();
    assert!(note.is_internal());
    assert_eq!(note.sources, [1]);
    let picture = graph.mermaid().to_string();
    for line in [
        "Sent --> Sent: note(Note), internal",
        "Sent --> Sent: remind every 10m, internal",
        "Sent --> Sent: call at call, internal",
        "Sent --> Delivered: track every 3m..12m",
        "Held --> Delivered: release every 5m",
    ] {
        assert!(picture.contains(line), "{picture}");
    }
    assert!(graph.dot().to_string().contains("note(Note), internal"));
}
