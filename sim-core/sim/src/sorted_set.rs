//! A set for few items: the keys of a [`SortedMap`].

use crate::SortedMap;
use std::borrow::Borrow;

/// A set for few items, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortedSet<T> {
    map: SortedMap<T, ()>,
}

impl<T> Default for SortedSet<T> {
    fn default() -> Self {
        SortedSet::new()
    }
}

impl<T> SortedSet<T> {
    /// A set without items.
    pub const fn new() -> Self {
        SortedSet { map: SortedMap::new() }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Removes all items.
    pub fn clear(&mut self) {
        self.map.clear();
    }

    /// The items, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.map.keys()
    }

    /// The first item.
    pub fn first(&self) -> Option<&T> {
        self.iter().next()
    }

    /// The last item.
    pub fn last(&self) -> Option<&T> {
        self.iter().next_back()
    }

    /// Takes out the first item.
    pub fn pop_first(&mut self) -> Option<T> {
        self.map.pop_first().map(|(item, ())| item)
    }

    /// Keeps the items that `keep` is true for.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.map.retain(|item, ()| keep(item));
    }
}

impl<T: Ord> SortedSet<T> {
    /// Whether an item is there.
    pub fn contains<Q: Ord + ?Sized>(&self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.map.contains_key(item)
    }

    /// Adds an item; the answer is whether it is new.
    pub fn insert(&mut self, item: T) -> bool {
        self.map.insert(item, ()).is_none()
    }

    /// Removes an item; the answer is whether it was there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.map.remove(item).is_some()
    }
}

impl<'a, T> IntoIterator for &'a SortedSet<T> {
    type Item = &'a T;
    type IntoIter = std::iter::Map<super::sorted_map::Iter<'a, T, ()>, fn((&'a T, &'a ())) -> &'a T>;

    fn into_iter(self) -> Self::IntoIter {
        self.map.iter().map(|(item, ())| item)
    }
}

impl<T> IntoIterator for SortedSet<T> {
    type Item = T;
    type IntoIter = std::iter::Map<std::vec::IntoIter<(T, ())>, fn((T, ())) -> T>;

    fn into_iter(self) -> Self::IntoIter {
        self.map.into_iter().map(|(item, ())| item)
    }
}

impl<T: Ord> FromIterator<T> for SortedSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut set = SortedSet::new();
        set.extend(items);
        set
    }
}

impl<T: Ord> Extend<T> for SortedSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        for item in items {
            self.insert(item);
        }
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for SortedSet<T> {
    fn from(items: [T; N]) -> Self {
        items.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sorted_set_holds_each_item_once() {
        let mut set = SortedSet::from([3, 1, 2, 3]);
        assert!(!set.insert(1) && set.insert(5) && set.remove(&2) && !set.remove(&2));
        assert!(set.contains(&5) && !set.contains(&2));
        assert_eq!(set.pop_first(), Some(1));
        assert_eq!((set.first(), set.last(), set.len()), (Some(&3), Some(&5), 2));
        set.retain(|item| *item > 3);
        assert!(set.into_iter().eq([5]));
    }
}
