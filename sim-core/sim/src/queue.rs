//! The event queue: what happens next.

use crate::Instant;
use std::rc::Rc;
use std::task::Waker;

/// Names an event that was scheduled, so that it can be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventId {
    slot: u32,
    sequence: u64,
}

/// What happens at an instant.
pub(crate) enum Event {
    /// A task that sleeps goes on.
    Wake(Waker),
    /// Something arrives: a packet, the end of a timer.
    Call(Box<dyn FnOnce()>),
    /// The same for what happens again and again.
    CallAgain(Rc<dyn Fn()>),
}

/// Events ordered by instant, then by the order in which they were scheduled. A heap whose events know where in
/// it they are, so that a cancelled timer leaves nothing behind: most timers of a network are cancelled. Beside it a
/// short list for what comes before all of that: a packet arrives long before any timer ends.
#[derive(Default)]
pub(crate) struct Queue {
    /// The last one is the next.
    soon: Vec<Entry>,
    /// No event comes before the one at half its position.
    heap: Vec<Entry>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    next_sequence: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    at: Instant,
    sequence: u64,
    slot: u32,
}

struct Slot {
    sequence: u64,
    /// Where its entry is in the heap, or [`SOON`].
    position: u32,
    event: Option<Event>,
}

const SOON: u32 = u32::MAX;
const SOON_MAX: usize = 16;

impl Entry {
    #[inline(always)]
    fn before(&self, other: &Entry) -> bool {
        (self.at, self.sequence) < (other.at, other.sequence)
    }
}

impl Queue {
    pub(crate) fn push(&mut self, at: Instant, event: Event) -> EventId {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        let new = Slot { sequence, position: SOON, event: Some(event) };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = new;
                slot
            }
            None => {
                self.slots.push(new);
                u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 events wait")
            }
        };
        let entry = Entry { at, sequence, slot };
        if self.soon.len() < SOON_MAX && self.heap.first().is_none_or(|first| at < first.at) {
            let later = self.soon.iter().rposition(|one| !one.before(&entry));
            self.soon.insert(later.map_or(0, |later| later + 1), entry);
        } else {
            self.heap.push(entry);
            self.rise(self.heap.len() - 1, entry);
        }
        EventId { slot, sequence }
    }

    /// Takes an event back; gives nothing when it has happened already.
    pub(crate) fn cancel(&mut self, id: EventId) -> Option<Event> {
        let slot = self.slots.get(id.slot as usize).filter(|slot| slot.sequence == id.sequence)?;
        slot.event.as_ref()?;
        if slot.position != SOON {
            return self.take(slot.position as usize);
        }
        let at = self.soon.iter().position(|one| one.slot == id.slot)?;
        let entry = self.soon.remove(at);
        self.release(entry)
    }

    /// True when the event is still to come and wakes the same task as `waker`.
    pub(crate) fn wakes(&self, id: EventId, waker: &Waker) -> bool {
        self.slots.get(id.slot as usize).is_some_and(|slot| {
            slot.sequence == id.sequence
                && matches!(&slot.event, Some(Event::Wake(kept)) if kept.will_wake(waker))
        })
    }

    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.first().map(|first| first.at)
    }

    /// The next event that is due at `until`, with its instant and sequence number.
    pub(crate) fn pop_due(&mut self, until: Instant) -> Option<(Instant, u64, Event)> {
        let first = self.first().filter(|first| first.at <= until)?;
        let event = match self.soon.last() {
            Some(soon) if soon.sequence == first.sequence => {
                self.soon.pop();
                self.release(first)
            }
            _ => self.take(0),
        };
        Some((first.at, first.sequence, event?))
    }

    pub(crate) fn len(&self) -> usize {
        self.soon.len() + self.heap.len()
    }

    fn first(&self) -> Option<Entry> {
        match (self.soon.last(), self.heap.first()) {
            (Some(soon), Some(first)) => Some(if soon.before(first) { *soon } else { *first }),
            (soon, first) => soon.or(first).copied(),
        }
    }

    fn release(&mut self, entry: Entry) -> Option<Event> {
        self.free.push(entry.slot);
        self.slots[entry.slot as usize].event.take()
    }

    /// Takes the event at a position of the heap out of it.
    fn take(&mut self, position: usize) -> Option<Event> {
        let entry = self.heap[position];
        let last = self.heap.pop()?;
        if position < self.heap.len() {
            // The last one fills the gap; it may belong above as well as below.
            let position = self.sink(position, last);
            self.rise(position, last);
        }
        self.release(entry)
    }

    #[inline(always)]
    fn put(&mut self, position: usize, entry: Entry) {
        self.heap[position] = entry;
        self.slots[entry.slot as usize].position = position as u32;
    }

    /// Puts `entry` at this position or at one nearer to the first.
    fn rise(&mut self, mut position: usize, entry: Entry) {
        while position > 0 {
            let above = self.heap[(position - 1) / 2];
            if !entry.before(&above) {
                break;
            }
            self.put(position, above);
            position = (position - 1) / 2;
        }
        self.put(position, entry);
    }

    /// Makes room for `entry` at this position or at one nearer to the last; gives where.
    fn sink(&mut self, mut position: usize, entry: Entry) -> usize {
        loop {
            let mut child = 2 * position + 1;
            if child + 1 < self.heap.len() && self.heap[child + 1].before(&self.heap[child]) {
                child += 1;
            }
            match self.heap.get(child).copied() {
                Some(below) if below.before(&entry) => self.put(position, below),
                _ => return position,
            }
            position = child;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;
    use std::collections::BTreeMap;

    #[test]
    fn events_come_in_order_and_cancelled_ones_never() {
        let mut rng = Rng::forked(1, "queue");
        let mut queue = Queue::default();
        let mut model = BTreeMap::new();
        for _ in 0..20_000 {
            match rng.below(5) {
                0 | 1 => {
                    let at = Instant::from_nanos(rng.below(1_000));
                    let id = queue.push(at, Event::Call(Box::new(|| {})));
                    model.insert((at, id.sequence), id);
                }
                2 if !model.is_empty() => {
                    let nth = rng.below(model.len() as u64) as usize;
                    let (&key, &id) = model.iter().nth(nth).unwrap();
                    model.remove(&key);
                    assert!(queue.cancel(id).is_some());
                    assert!(queue.cancel(id).is_none());
                }
                3 => {
                    let until = Instant::from_nanos(rng.below(1_000));
                    let due = model.first_key_value().map(|(key, _)| *key).filter(|key| key.0 <= until);
                    let popped = queue.pop_due(until).map(|(at, sequence, _)| (at, sequence));
                    assert_eq!(popped, due);
                    due.map(|key| model.remove(&key));
                }
                _ => assert_eq!(queue.next_at(), model.keys().next().map(|key| key.0)),
            }
            assert_eq!(queue.len(), model.len());
        }
    }
}
