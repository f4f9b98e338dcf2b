//! The event queue: what happens next.

use crate::Instant;
use std::collections::BTreeMap;
use std::task::Waker;

/// Names an event that was scheduled, so that it can be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId {
    at: Instant,
    sequence: u64,
}

/// What happens at an instant.
pub(crate) enum Event {
    /// A task that sleeps goes on.
    Wake(Waker),
    /// Something arrives: a packet, the end of a timer.
    Call(Box<dyn FnOnce()>),
}

/// Events ordered by instant, then by the order in which they were scheduled. A map rather than a
/// heap, so that a cancelled timer leaves nothing behind: most timers of a network are cancelled.
#[derive(Default)]
pub(crate) struct Queue {
    events: BTreeMap<EventId, Event>,
    next_sequence: u64,
}

impl Queue {
    pub(crate) fn push(&mut self, at: Instant, event: Event) -> EventId {
        let id = EventId { at, sequence: self.next_sequence };
        self.next_sequence += 1;
        self.events.insert(id, event);
        id
    }

    /// Takes an event back; gives nothing when it has happened already.
    pub(crate) fn cancel(&mut self, id: EventId) -> Option<Event> {
        self.events.remove(&id)
    }

    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.events.first_key_value().map(|(id, _)| id.at)
    }

    /// The next event that is due at `until`, with its instant and sequence number.
    pub(crate) fn pop_due(&mut self, until: Instant) -> Option<(Instant, u64, Event)> {
        if self.next_at()? > until {
            return None;
        }
        let (id, event) = self.events.pop_first()?;
        Some((id.at, id.sequence, event))
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }
}
