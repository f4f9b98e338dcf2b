//! Which read-only data the first module can do without.
//!
//! The linker, asked to `--emit-relocs`, says where each object is and where its address is written: in code, and
//! in other objects. An address can only come from one of these. So an object is needed when the first module's
//! code has an address in it, or an object that is needed has; the others come with the rest of the code, and
//! before that nobody knows where they are.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::Result;
use crate::linked::{Linked, Place};

/// A shorter run of bytes is not worth a segment of its own.
const RUN_MIN: u32 = 12;

/// The read-only objects of a linked module.
#[derive(Debug, Default)]
pub struct ReadOnly {
    /// Where they are, in order and apart.
    pub objects: Vec<Range<u32>>,
    /// Which objects an object has addresses of.
    pub names: BTreeMap<usize, BTreeSet<usize>>,
    /// Objects that an address beside them may mean, its number first: the end of a table, or what comes before it.
    beside: Vec<(u32, BTreeSet<usize>)>,
    /// Objects that data which can change has addresses of.
    always: BTreeSet<usize>,
}

impl ReadOnly {
    /// Takes what the linker says.
    ///
    /// # Errors
    /// A module that was not linked with `--emit-relocs`, or was changed since in a way that matters.
    pub fn new(linked: &Linked) -> Result<Self> {
        let segment = linked.segments.get(linked.read_only).ok_or("the module has no read-only data")?;
        if linked.symbols.is_empty() || linked.relocations.is_empty() {
            return Err("the module was not linked with --emit-relocs".into());
        }
        let mut known = ReadOnly::default();
        let symbols = linked.symbols.iter().flatten();
        known.join(symbols.filter(|symbol| segment.addresses.contains(&symbol.start)).cloned().collect());
        for relocation in &linked.relocations {
            let Some(Some(symbol)) = linked.symbols.get(relocation.symbol as usize) else { continue };
            let target = u32::try_from(i64::from(symbol.start) + relocation.addend)?;
            let mut means: BTreeSet<usize> = known.object(symbol.start).into_iter().collect();
            means.extend(known.object(target));
            if !symbol.contains(&target) {
                known.beside.push((target, means.clone()));
            }
            let Place::Data { offset } = relocation.place else { continue };
            let (place, word) = linked.word(offset).ok_or("a relocation is outside of the data")?;
            if word != target {
                return Err("the data was changed after it was linked".into());
            }
            match known.object(place) {
                Some(object) => known.names.entry(object).or_default().extend(means),
                None => known.always.extend(means),
            }
        }
        Ok(known)
    }

    /// Sorts the objects; those that overlap are one.
    fn join(&mut self, mut objects: Vec<Range<u32>>) {
        objects.sort_by_key(|object| object.start);
        for object in objects {
            match self.objects.last_mut() {
                Some(last) if object.start < last.end => last.end = last.end.max(object.end),
                _ => self.objects.push(object),
            }
        }
    }

    /// The object at an address.
    pub fn object(&self, address: u32) -> Option<usize> {
        let number = self.objects.partition_point(|object| object.end <= address);
        self.objects.get(number).is_some_and(|object| object.contains(&address)).then_some(number)
    }

    /// The objects that code with these `constants` may come by.
    pub fn needed(&self, constants: &BTreeSet<u32>) -> BTreeSet<usize> {
        let mut next: Vec<usize> = constants.iter().filter_map(|constant| self.object(*constant)).collect();
        next.extend(&self.always);
        let beside = self.beside.iter().filter(|(address, _)| constants.contains(address));
        next.extend(beside.flat_map(|(_, objects)| objects));
        let mut needed: BTreeSet<usize> = next.iter().copied().collect();
        while let Some(object) = next.pop() {
            next.extend(self.names.get(&object).into_iter().flatten().filter(|named| needed.insert(**named)));
        }
        needed
    }

    /// The ranges that code with these `constants` can do without.
    pub fn deferred(&self, constants: &BTreeSet<u32>) -> Vec<Range<u32>> {
        let needed = self.needed(constants);
        let mut runs: Vec<Range<u32>> = Vec::new();
        let mut previous = None;
        for (number, object) in self.objects.iter().enumerate() {
            if needed.contains(&number) {
                continue;
            }
            match runs.last_mut() {
                // What lies between two objects belongs to nobody.
                Some(run) if previous == number.checked_sub(1) => run.end = object.end,
                _ => runs.push(object.clone()),
            }
            previous = Some(number);
        }
        runs.retain(|run| run.end - run.start >= RUN_MIN);
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four objects of 16 bytes from 1000 on, with a gap before the last; the first names the third.
    fn known() -> ReadOnly {
        ReadOnly {
            objects: vec![1000..1016, 1016..1032, 1032..1048, 1052..1068],
            names: BTreeMap::from([(0, BTreeSet::from([2]))]),
            beside: vec![(1032, BTreeSet::from([1, 2]))],
            always: BTreeSet::new(),
        }
    }

    #[test]
    fn what_code_names_and_what_that_names_is_needed() {
        assert_eq!(known().deferred(&BTreeSet::from([1004])), [1016..1032, 1052..1068]);
        assert_eq!(known().deferred(&BTreeSet::from([1017, 7])), [1000..1016, 1032..1068]);
    }

    #[test]
    fn what_an_address_beside_it_may_mean_is_needed() {
        assert_eq!(known().deferred(&BTreeSet::from([1032])), [1000..1016, 1052..1068]);
    }

    #[test]
    fn what_changing_data_names_is_needed() {
        let known = ReadOnly { always: BTreeSet::from([1]), ..known() };
        assert_eq!(known.deferred(&BTreeSet::new()), [1000..1016, 1032..1068]);
    }
}
