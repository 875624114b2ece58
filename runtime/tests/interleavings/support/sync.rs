//! `std::sync::mpsc` and what is used of `tokio::sync`, each as a value behind a lock.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::mem::take;
use std::task::{Context, Poll, Waker};

use loom::sync::Condvar;

pub(crate) use std::sync::{OnceLock, PoisonError};

pub(crate) use loom::sync::{Arc, Mutex, MutexGuard};

/// A value, and the tasks that wait for a change of it.
struct Watched<T> {
    value: T,
    waiting: Vec<Waker>,
}

impl<T> Watched<T> {
    fn new(value: T) -> Mutex<Self> {
        Mutex::new(Watched {
            value,
            waiting: Vec::new(),
        })
    }
}

/// Changes the value, and wakes who waits for that.
fn change<T, R>(watched: &Mutex<Watched<T>>, by: impl FnOnce(&mut T) -> R) -> R {
    let mut watched = watched.lock().unwrap();
    let changed = by(&mut watched.value);
    let waiting = take(&mut watched.waiting);
    drop(watched);
    waiting.into_iter().for_each(Waker::wake);
    changed
}

/// Polls until `ready` finds something in the value.
fn poll<T, R>(
    watched: &Mutex<Watched<T>>,
    context: &Context<'_>,
    ready: impl FnOnce(&mut T) -> Option<R>,
) -> Poll<R> {
    let mut watched = watched.lock().unwrap();
    if let Some(ready) = ready(&mut watched.value) {
        return Poll::Ready(ready);
    }
    watched.waiting.push(context.waker().clone());
    Poll::Pending
}

/// As that of tokio, without the order of those who wait.
pub(crate) struct Semaphore(Mutex<Watched<Option<usize>>>);

#[derive(Debug)]
pub(crate) struct AcquireError;

pub(crate) struct Permit<'a>(&'a Semaphore);

impl Semaphore {
    pub(crate) fn new(permits: usize) -> Self {
        Semaphore(Watched::new(Some(permits)))
    }

    pub(crate) async fn acquire(&self) -> Result<Permit<'_>, AcquireError> {
        let taken = |permits: &mut Option<usize>| match permits {
            None => Some(Err(AcquireError)),
            Some(0) => None,
            Some(free) => {
                *free -= 1;
                Some(Ok(()))
            }
        };
        poll_fn(|cx| poll(&self.0, cx, taken)).await?;
        Ok(Permit(self))
    }

    pub(crate) fn add_permits(&self, count: usize) {
        change(&self.0, |permits| {
            if let Some(free) = permits {
                *free += count;
            }
        });
    }

    pub(crate) fn close(&self) {
        change(&self.0, |permits| *permits = None);
    }
}

impl Permit<'_> {
    pub(crate) fn forget(self) {
        std::mem::forget(self);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

pub(crate) mod mpsc {
    use super::{Arc, Condvar, Mutex, VecDeque};

    struct Channel<T> {
        values: VecDeque<T>,
        senders: usize,
        is_received: bool,
    }

    type Shared<T> = Arc<(Mutex<Channel<T>>, Condvar)>;

    pub(crate) struct Sender<T>(Shared<T>);

    pub(crate) struct Receiver<T>(Shared<T>);

    pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
        let channel = Channel {
            values: VecDeque::new(),
            senders: 1,
            is_received: true,
        };
        let shared = Arc::new((Mutex::new(channel), Condvar::new()));
        (Sender(Arc::clone(&shared)), Receiver(shared))
    }

    impl<T> Sender<T> {
        pub(crate) fn send(&self, value: T) -> Result<(), T> {
            let mut channel = self.0.0.lock().unwrap();
            if !channel.is_received {
                return Err(value);
            }
            channel.values.push_back(value);
            self.0.1.notify_one();
            Ok(())
        }
    }

    impl<T> Drop for Sender<T> {
        fn drop(&mut self) {
            self.0.0.lock().unwrap().senders -= 1;
            self.0.1.notify_one();
        }
    }

    impl<T> Receiver<T> {
        pub(crate) fn recv(&self) -> Option<T> {
            let mut channel = self.0.0.lock().unwrap();
            loop {
                if let Some(value) = channel.values.pop_front() {
                    return Some(value);
                }
                if channel.senders == 0 {
                    return None;
                }
                channel = self.0.1.wait(channel).unwrap();
            }
        }
    }

    impl<T> Drop for Receiver<T> {
        fn drop(&mut self) {
            let mut channel = self.0.0.lock().unwrap();
            channel.is_received = false;
            let values = std::mem::take(&mut channel.values);
            drop(channel);
            drop(values);
        }
    }
}

/// For the answers: in the library they are those of tokio.
pub(crate) mod oneshot {
    use super::{Arc, Mutex, Watched, change, poll, poll_fn};

    enum Answer<T> {
        Open,
        Sent(T),
        Dropped,
    }

    pub(crate) struct Sender<T>(Arc<Mutex<Watched<Answer<T>>>>);

    pub(crate) struct Receiver<T>(Arc<Mutex<Watched<Answer<T>>>>);

    pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
        let answer = Arc::new(Watched::new(Answer::Open));
        (Sender(Arc::clone(&answer)), Receiver(answer))
    }

    impl<T> Sender<T> {
        pub(crate) fn send(self, value: T) {
            change(&self.0, |answer| *answer = Answer::Sent(value));
        }
    }

    impl<T> Drop for Sender<T> {
        fn drop(&mut self) {
            change(&self.0, |answer| {
                if matches!(answer, Answer::Open) {
                    *answer = Answer::Dropped;
                }
            });
        }
    }

    impl<T> Receiver<T> {
        pub(crate) async fn answered(self) -> Option<T> {
            let ready = |answer: &mut Answer<T>| match std::mem::replace(answer, Answer::Dropped) {
                Answer::Open => {
                    *answer = Answer::Open;
                    None
                }
                Answer::Sent(value) => Some(Some(value)),
                Answer::Dropped => Some(None),
            };
            poll_fn(|cx| poll(&self.0, cx, ready)).await
        }
    }
}

/// The last value alone, with a number that says whether it was seen.
pub(crate) mod watch {
    use super::{Arc, Mutex, Watched, change, poll, poll_fn};

    struct Channel<T> {
        value: T,
        version: usize,
        receivers: usize,
        is_open: bool,
    }

    pub(crate) struct Sender<T>(Arc<Mutex<Watched<Channel<T>>>>);

    pub(crate) struct Receiver<T> {
        channel: Arc<Mutex<Watched<Channel<T>>>>,
        seen: usize,
    }

    pub(crate) fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
        let channel = Channel {
            value,
            version: 0,
            receivers: 1,
            is_open: true,
        };
        let channel = Arc::new(Watched::new(channel));
        let receiver = Receiver {
            channel: Arc::clone(&channel),
            seen: 0,
        };
        (Sender(channel), receiver)
    }

    impl<T> Sender<T> {
        pub(crate) fn subscribe(&self) -> Receiver<T> {
            let mut channel = self.0.lock().unwrap();
            channel.value.receivers += 1;
            Receiver {
                channel: Arc::clone(&self.0),
                seen: channel.value.version,
            }
        }

        pub(crate) fn send_replace(&self, value: T) -> T {
            change(&self.0, |channel| {
                channel.version += 1;
                std::mem::replace(&mut channel.value, value)
            })
        }

        pub(crate) fn receiver_count(&self) -> usize {
            self.0.lock().unwrap().value.receivers
        }
    }

    impl<T> Drop for Sender<T> {
        fn drop(&mut self) {
            change(&self.0, |channel| channel.is_open = false);
        }
    }

    impl<T: Clone> Receiver<T> {
        /// A value that was not seen, or nothing if there will be none.
        pub(crate) async fn next(&mut self) -> Option<T> {
            let seen = &mut self.seen;
            poll_fn(|cx| {
                poll(&self.channel, cx, |channel| {
                    if channel.version != *seen {
                        *seen = channel.version;
                        return Some(Some(channel.value.clone()));
                    }
                    (!channel.is_open).then_some(None)
                })
            })
            .await
        }
    }

    impl<T> Drop for Receiver<T> {
        fn drop(&mut self) {
            self.channel.lock().unwrap().value.receivers -= 1;
        }
    }
}
