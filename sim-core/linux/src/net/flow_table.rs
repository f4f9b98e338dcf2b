//! A hash table from tuples to numbers: sockets and connections are found in it, packet by packet.
//!
//! Its hash is fixed and it is never iterated, so that it has no order that could show.

use super::packet::Tuple;

const EMPTY: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Slot {
    addresses: u64,
    rest: u64,
    value: u32,
}

const VACANT: Slot = Slot { addresses: 0, rest: 0, value: EMPTY };

/// Open addressing with linear probing; entries move back when one before them goes.
#[derive(Default)]
pub(crate) struct FlowTable {
    slots: Vec<Slot>,
    len: usize,
}

/// What a tuple in the namespace `scope` is filed under.
fn key(scope: u32, tuple: &Tuple) -> (u64, u64) {
    let addresses = (u64::from(u32::from(tuple.src)) << 32) | u64::from(u32::from(tuple.dst));
    let ports = (u64::from(tuple.sport) << 16) | u64::from(tuple.dport);
    (addresses, (ports << 32) | (u64::from(scope) << 8) | u64::from(tuple.proto))
}

fn hash(addresses: u64, rest: u64) -> usize {
    let mixed = (addresses ^ rest.rotate_left(25)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29) ^ rest).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 32)) as usize
}

impl FlowTable {
    fn find(&self, addresses: u64, rest: u64) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let mask = self.slots.len() - 1;
        let mut at = hash(addresses, rest) & mask;
        loop {
            let slot = &self.slots[at];
            if slot.value == EMPTY {
                return None;
            }
            if slot.rest == rest && slot.addresses == addresses {
                return Some(at);
            }
            at = (at + 1) & mask;
        }
    }

    pub(crate) fn get(&self, scope: u32, tuple: &Tuple) -> Option<u32> {
        let (addresses, rest) = key(scope, tuple);
        self.find(addresses, rest).map(|at| self.slots[at].value)
    }

    /// Files `value`; an older one under the same tuple is replaced.
    pub(crate) fn insert(&mut self, scope: u32, tuple: &Tuple, value: u32) {
        let (addresses, rest) = key(scope, tuple);
        if let Some(at) = self.find(addresses, rest) {
            self.slots[at].value = value;
            return;
        }
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            let size = (self.slots.len() * 2).max(16);
            let old = std::mem::replace(&mut self.slots, vec![VACANT; size]);
            for slot in old {
                if slot.value != EMPTY {
                    self.place(slot);
                }
            }
        }
        self.place(Slot { addresses, rest, value });
        self.len += 1;
    }

    fn place(&mut self, slot: Slot) {
        let mask = self.slots.len() - 1;
        let mut at = hash(slot.addresses, slot.rest) & mask;
        while self.slots[at].value != EMPTY {
            at = (at + 1) & mask;
        }
        self.slots[at] = slot;
    }

    pub(crate) fn remove(&mut self, scope: u32, tuple: &Tuple) {
        let (addresses, rest) = key(scope, tuple);
        let Some(mut hole) = self.find(addresses, rest) else { return };
        let mask = self.slots.len() - 1;
        self.len -= 1;
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let slot = self.slots[at];
            if slot.value == EMPTY {
                break;
            }
            // It may fill the hole unless its own place lies between the hole and where it is.
            let home = hash(slot.addresses, slot.rest) & mask;
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.slots[hole] = slot;
                hole = at;
            }
        }
        self.slots[hole] = VACANT;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn behaves_as_a_map() {
        let mut rng = sim::Rng::forked(1, "flows");
        let mut model = BTreeMap::new();
        let mut table = FlowTable::default();
        for step in 0..20_000 {
            let tuple = Tuple {
                src: u32::from_be_bytes([10, 0, 0, rng.below(4) as u8]).into(),
                dst: u32::from_be_bytes([10, 1, 0, rng.below(4) as u8]).into(),
                sport: rng.below(64) as u16,
                dport: 80,
                proto: 6,
            };
            if rng.one_in(2) {
                table.insert(3, &tuple, step);
                model.insert(tuple, step);
            } else {
                table.remove(3, &tuple);
                model.remove(&tuple);
            }
            assert_eq!(table.get(3, &tuple), model.get(&tuple).copied());
            assert_eq!(table.len, model.len());
        }
        for (tuple, value) in model {
            assert_eq!(table.get(3, &tuple), Some(value));
            assert_eq!(table.get(4, &tuple), None);
        }
    }
}
