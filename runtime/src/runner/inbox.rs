//! The messages of a held run that no transition has consumed.

use std::marker::PhantomData;
use std::time::SystemTime;

use super::held::{HeldRun, Loss};
use crate::payload::codec::guarded;
use crate::payload::durable::Durable;
use crate::store::Message;
use crate::wait::{AnyPayload, Numbered, Queues, Waiting};

/// The messages that are known here.
pub(super) struct Inbox<'a, W> {
    held: &'a HeldRun,
    messages: Queues<Message>,
    /// True if others may have come, because a handler was called, or there was news, since it was read.
    may_lack: bool,
    /// The message that the current transition takes, with its signal.
    taken: Option<(usize, Numbered<Message>)>,
    workflow: PhantomData<fn() -> W>,
}

impl<'a, W: Durable> Inbox<'a, W> {
    /// Returns the inbox of a run that was just claimed with these messages.
    pub(super) fn new(held: &'a HeldRun, messages: Vec<Message>) -> Self {
        Inbox {
            held,
            messages: by_signal::<W>(messages),
            may_lack: false,
            taken: None,
            workflow: PhantomData,
        }
    }

    /// Returns true if others may have come.
    pub(super) fn may_lack(&self) -> bool {
        self.may_lack
    }

    /// Notes that time has passed in which others may have come.
    pub(super) fn grows_old(&mut self) {
        self.may_lack = true;
    }

    /// Returns the oldest message that the state takes: the position of its signal, and the time it came.
    pub(super) fn oldest(&self, waiting: &Waiting) -> Option<(usize, SystemTime)> {
        let oldest = self.messages.oldest(|signal| waiting.takes::<W>(signal));
        oldest.map(|(signal, oldest)| (signal, oldest.at))
    }

    /// Takes out the oldest message of the signal at this position, and returns its payload.
    ///
    /// # Errors
    /// The run was parked, because the payload does not decode.
    pub(super) async fn take(&mut self, signal: usize) -> Result<AnyPayload, Loss> {
        let (held, codec) = (self.held, &*self.held.settings().codec);
        let oldest = self.messages.take(signal);
        let (number, message) = oldest.unwrap_or_else(|| unreachable!("it is there"));
        match guarded(|| W::decode_signal(signal, &message.payload, codec)) {
            Ok(payload) => {
                self.taken = Some((signal, (number, message)));
                Ok(payload)
            }
            Err(error) => {
                let (id, name) = (message.id, message.signal);
                let reason = format!(
                    "message `{id}` of signal `{name}` does not decode: {error}; run a program that reads it, or terminate it"
                );
                Err(held.park(&reason).await)
            }
        }
    }

    /// Returns the id of the message that the current transition consumes, which is recorded.
    pub(super) fn consumed(&mut self) -> Option<String> {
        self.taken.take().map(|(_, (_, message))| message.id)
    }

    /// Puts the message of the current transition back, which has failed: a later state may take it.
    pub(super) fn put_back(&mut self) {
        if let Some((signal, taken)) = self.taken.take() {
            self.messages.put_back(signal, taken);
        }
    }

    /// Reads the messages again.
    ///
    /// # Errors
    /// The reason why the run is not driven any longer.
    pub(super) async fn read(&mut self) -> Result<(), Loss> {
        self.messages = by_signal::<W>(self.held.inbox().await?);
        if let Some((signal, taken)) = &mut self.taken
            && let Some(found) = self.messages.remove(*signal, |it| it.id == taken.1.id)
        {
            // It must not be taken twice, and has this number if it is put back.
            *taken = found;
        }
        self.may_lack = false;
        Ok(())
    }

    /// Waits for news, and reads the messages again.
    ///
    /// # Errors
    /// The reason why the run is not driven any longer.
    ///
    /// # Cancel safety
    /// News that were heard and not read are read by the next call.
    pub(super) async fn read_news(&mut self) -> Result<(), Loss> {
        if !self.may_lack {
            self.held.may_have_messages().await;
            self.may_lack = true;
        }
        self.read().await
    }
}

/// Sorts messages by signal. Messages of signals that this program does not know are left to one that does.
fn by_signal<W: Durable>(messages: Vec<Message>) -> Queues<Message> {
    let mut queues = Queues::new();
    for message in messages {
        let mut transitions = W::GRAPH.transitions.iter();
        if let Some(signal) = transitions.position(|it| it.name == message.signal) {
            queues.push(signal, message);
        }
    }
    queues
}
