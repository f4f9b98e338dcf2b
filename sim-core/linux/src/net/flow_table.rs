//! A hash table from tuples to numbers: sockets and connections are found in it, packet by packet.
//!
//! It keeps hashes only, since what the numbers name knows its own tuple: who asks compares. Its hash is fixed and it
//! is never iterated, so that it has no order that could show.

use super::packet::Tuple;

const EMPTY: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Slot {
    hash: u32,
    value: u32,
}

const VACANT: Slot = Slot { hash: 0, value: EMPTY };

/// Open addressing with linear probing; entries move back when one before them goes.
#[derive(Default)]
pub(crate) struct FlowTable {
    slots: Vec<Slot>,
    len: usize,
}

/// What a tuple in the namespace `scope` is filed under.
pub(crate) fn hash(scope: u32, tuple: &Tuple) -> u32 {
    let addresses = (u64::from(u32::from(tuple.src)) << 32) | u64::from(u32::from(tuple.dst));
    let ports = (u64::from(tuple.sport) << 16) | u64::from(tuple.dport);
    let rest = (ports << 32) | (u64::from(scope) << 8) | u64::from(tuple.proto);
    let mixed = (addresses ^ rest.rotate_left(25)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29) ^ rest).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 32) as u32
}

impl FlowTable {
    /// The number under this hash that `is` says is the one.
    pub(crate) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        let slots = self.slots.as_slice();
        let mask = slots.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            let slot = slots[at];
            if slot.value == EMPTY {
                return None;
            }
            if slot.hash == hash && is(slot.value) {
                return Some(slot.value);
            }
            at = (at + 1) & mask;
        }
    }

    /// Files a number that is not there yet.
    pub(crate) fn insert(&mut self, hash: u32, value: u32) {
        if (self.len + 1) * 2 > self.slots.len() {
            let size = (self.slots.len() * 2).max(16);
            let old = std::mem::replace(&mut self.slots, vec![VACANT; size]);
            for slot in old {
                if slot.value != EMPTY {
                    self.place(slot);
                }
            }
        }
        self.place(Slot { hash, value });
        self.len += 1;
    }

    fn place(&mut self, slot: Slot) {
        let slots = self.slots.as_mut_slice();
        let mask = slots.len() - 1;
        let mut at = slot.hash as usize & mask;
        while slots[at].value != EMPTY {
            at = (at + 1) & mask;
        }
        slots[at] = slot;
    }

    /// Takes out a number that was filed under this hash, if it is there.
    pub(crate) fn remove(&mut self, hash: u32, value: u32) {
        let slots = self.slots.as_mut_slice();
        let Some(mask) = slots.len().checked_sub(1) else { return };
        let mut hole = hash as usize & mask;
        while slots[hole].value != value {
            if slots[hole].value == EMPTY {
                return;
            }
            hole = (hole + 1) & mask;
        }
        self.len -= 1;
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let slot = slots[at];
            if slot.value == EMPTY {
                break;
            }
            // It may fill the hole unless its own place lies between the hole and where it is.
            let home = slot.hash as usize & mask;
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                slots[hole] = slot;
                hole = at;
            }
        }
        slots[hole] = VACANT;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn behaves_as_a_map() {
        let mut rng = sim::Rng::forked(1, "flows");
        let mut model: BTreeMap<Tuple, u32> = BTreeMap::new();
        let mut tuples = Vec::new();
        let mut table = FlowTable::default();
        for step in 0..20_000 {
            let tuple = Tuple {
                src: u32::from_be_bytes([10, 0, 0, rng.below(4) as u8]).into(),
                dst: u32::from_be_bytes([10, 1, 0, rng.below(4) as u8]).into(),
                sport: rng.below(64) as u16,
                dport: 80,
                proto: 6,
            };
            tuples.push(tuple);
            if let Some(old) = model.remove(&tuple) {
                table.remove(hash(3, &tuple), old);
                table.remove(hash(3, &tuple), old);
            }
            if rng.one_in(2) {
                table.insert(hash(3, &tuple), step);
                model.insert(tuple, step);
            }
            let found = table.find(hash(3, &tuple), |value| tuples[value as usize] == tuple);
            assert_eq!(found, model.get(&tuple).copied());
            assert_eq!(table.len, model.len());
        }
        for (tuple, value) in model {
            assert_eq!(table.find(hash(3, &tuple), |found| found == value), Some(value));
            assert_eq!(table.find(hash(4, &tuple), |found| found == value), None);
        }
    }
}
