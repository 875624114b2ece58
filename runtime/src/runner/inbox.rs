//! The messages of a held run that no transition has consumed.

use std::collections::VecDeque;
use std::time::SystemTime;

use super::held::{HeldRun, Loss};
use crate::payload::codec::guarded;
use crate::payload::durable::Durable;
use crate::store::Message;
use crate::wait::{AnyPayload, Waiting};

/// Those that are known here, the oldest first.
pub(super) struct Inbox<'a> {
    held: &'a HeldRun,
    messages: VecDeque<Message>,
    /// True if others may have come: a handler was called, or there was news, since it was read.
    may_lack: bool,
    /// The one that the transition under way takes, with the place that it had.
    taken: Option<(usize, Message)>,
}

impl<'a> Inbox<'a> {
    /// The inbox of a run that was just claimed with these.
    pub(super) fn new(held: &'a HeldRun, messages: Vec<Message>) -> Self {
        Inbox {
            held,
            messages: messages.into(),
            may_lack: false,
            taken: None,
        }
    }

    /// Returns true if others may have come.
    pub(super) fn may_lack(&self) -> bool {
        self.may_lack
    }

    /// Time has passed in which others may have come.
    pub(super) fn grows_old(&mut self) {
        self.may_lack = true;
    }

    /// The messages that the state takes, each with its place and when it came.
    pub(super) fn of<W: Durable>(
        &self,
        waiting: &Waiting,
    ) -> impl Iterator<Item = (usize, SystemTime)> {
        let messages = self.messages.iter().enumerate();
        messages.filter_map(|(place, message)| {
            waiting.signal::<W>(&message.signal)?;
            Some((place, message.at))
        })
    }

    /// Takes out the message at this place: the position of its signal, and what it carries.
    ///
    /// # Errors
    /// The run was parked, since it does not decode.
    pub(super) async fn take<W: Durable>(
        &mut self,
        waiting: &Waiting,
        place: usize,
    ) -> Result<(usize, AnyPayload), Loss> {
        let (held, codec) = (self.held, &*self.held.settings().codec);
        let message = self.messages.remove(place);
        let signal = message.and_then(|it| Some((waiting.signal::<W>(&it.signal)?, it)));
        let (signal, message) = signal.unwrap_or_else(|| unreachable!("it is there"));
        match guarded(|| W::decode_signal(signal, &message.payload, codec)) {
            Ok(payload) => {
                self.taken = Some((place, message));
                Ok((signal, payload))
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

    /// The transition under way is recorded: gives the id of the message that it consumes.
    pub(super) fn consumed(&mut self) -> Option<String> {
        self.taken.take().map(|(_, message)| message.id)
    }

    /// The transition under way is given up: its message may be taken by a state to come.
    pub(super) fn put_back(&mut self) {
        if let Some((place, message)) = self.taken.take() {
            self.messages
                .insert(place.min(self.messages.len()), message);
        }
    }

    /// Reads the messages again.
    ///
    /// # Errors
    /// Why the run is not driven any longer.
    pub(super) async fn read(&mut self) -> Result<(), Loss> {
        let messages = self.held.inbox().await?;
        let taken = self.taken.as_ref().map(|(_, message)| &message.id);
        let left = messages.into_iter().filter(|it| Some(&it.id) != taken);
        self.messages = left.collect();
        self.may_lack = false;
        Ok(())
    }

    /// Waits for news, and reads them.
    ///
    /// # Errors
    /// Why the run is not driven any longer.
    ///
    /// # Cancel safety
    /// News that were heard and not read are read the next time.
    pub(super) async fn read_news(&mut self) -> Result<(), Loss> {
        if !self.may_lack {
            self.held.may_have_messages().await;
            self.may_lack = true;
        }
        self.read().await
    }
}
