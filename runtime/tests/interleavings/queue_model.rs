//! The writer of a file, without a file: it takes what is asked, keeps it until its batch is written, and answers.

use loom::future::block_on;
use loom::thread;

use crate::explore;
use crate::queue::{Closed, Queue, QueueEnd, queue};
use crate::support::sync::oneshot::{self, Sender};
use crate::support::sync::{Arc, Mutex};

struct Request {
    number: u32,
    answer: Sender<u32>,
}

/// The requests that are on disk.
type Written = Arc<Mutex<Vec<u32>>>;

/// Writes each request, and with the one of this number the disk fails.
fn writer(waiting: QueueEnd<Request>, written: &Written, fails_at: Option<u32>) {
    let mut applied = Vec::new();
    while let Some(request) = waiting.requests.recv() {
        let number = request.number;
        applied.push(request);
        if Some(number) == fails_at {
            waiting.stop("the disk is gone".to_owned());
            // Running work is dropped behind it.
            return drop(applied);
        }
        written.lock().unwrap().push(number);
        waiting.leave(applied.len());
        for request in applied.drain(..) {
            request.answer.send(request.number);
        }
    }
}

/// The end of a request.
#[derive(Debug, PartialEq)]
enum Ended {
    Written,
    /// It was not taken.
    Refused,
    /// It may have been written.
    Unknown,
}

fn ask(queue: &Queue<Request>, number: u32) -> Ended {
    let (answer, answered) = oneshot::channel();
    let asked = block_on(queue.ask(|| Request { number, answer }));
    if let Err(Closed) = asked {
        return Ended::Refused;
    }
    match block_on(answered.answered()) {
        Some(answer) => {
            assert_eq!(answer, number);
            Ended::Written
        }
        None => Ended::Unknown,
    }
}

#[test]
fn each_is_answered_though_the_queue_has_one_place() {
    explore(|| {
        let (queue, waiting) = queue(1);
        let (queue, written) = (Arc::new(queue), Written::default());
        let writes = {
            let written = Arc::clone(&written);
            thread::spawn(move || writer(waiting, &written, None))
        };
        let other = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || ask(&queue, 1))
        };
        assert_eq!(ask(&queue, 2), Ended::Written);
        assert_eq!(other.join().unwrap(), Ended::Written);
        // The last who has it closes it, and the writer ends.
        drop(queue);
        writes.join().unwrap();
        let mut written = written.lock().unwrap().clone();
        written.sort_unstable();
        assert_eq!(written, [1, 2]);
    });
}

#[test]
fn whoever_asks_while_the_writer_stops_is_told() {
    explore(|| {
        let (queue, waiting) = queue(1);
        let (queue, written) = (Arc::new(queue), Written::default());
        let writes = {
            let written = Arc::clone(&written);
            thread::spawn(move || writer(waiting, &written, Some(1)))
        };
        let fails = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                assert_eq!(ask(&queue, 1), Ended::Unknown);
                let reason = queue.stopped();
                assert_eq!(reason.map(String::as_str), Some("the disk is gone"));
            })
        };
        let ended = ask(&queue, 2);
        let is_written = written.lock().unwrap().contains(&2);
        assert_eq!(is_written, ended == Ended::Written, "{ended:?}");
        assert!(ended == Ended::Written || queue.stopped().is_some());
        fails.join().unwrap();
        writes.join().unwrap();
        assert_eq!(ask(&queue, 3), Ended::Refused);
    });
}

#[test]
fn what_waits_is_written_before_a_queue_that_was_dropped_is_closed() {
    explore(|| {
        let (queue, waiting) = queue(2);
        let written = Written::default();
        let writes = {
            let written = Arc::clone(&written);
            thread::spawn(move || writer(waiting, &written, None))
        };
        // Whoever asked does not wait for the answer.
        for number in [1, 2] {
            let (answer, _) = oneshot::channel();
            block_on(queue.ask(|| Request { number, answer })).unwrap();
        }
        drop(queue);
        writes.join().unwrap();
        assert_eq!(*written.lock().unwrap(), [1, 2]);
    });
}
