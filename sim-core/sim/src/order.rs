//! Sorting, compiled once.
//!
//! The standard library compiles its sort anew for each type and each comparison, some four kilobytes a time. Lists in
//! the simulated world are short and their orders many, so here one sort finds the permutation and each list only
//! brings its comparison.

use std::cmp::Ordering;

/// Stable sorting of a slice, as `sort`, `sort_by` and `sort_by_key` of the standard library.
pub trait Ordered<T> {
    /// Puts the items in their own order.
    fn order(&mut self)
    where
        T: Ord;

    /// Puts the items in the order of `compare`.
    fn order_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// Puts the items in the order of their keys. A key is made at each comparison.
    fn order_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K);
}

impl<T> Ordered<T> for [T] {
    fn order(&mut self)
    where
        T: Ord,
    {
        self.order_by(T::cmp);
    }

    fn order_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let mut from = permutation(self.len(), &mut |a, b| compare(&self[a], &self[b]));
        // One cycle of the permutation after the other; a place that is done points to itself.
        for start in 0..from.len() {
            let mut place = start;
            loop {
                let next = std::mem::replace(&mut from[place], place);
                if next == start {
                    break;
                }
                self.swap(place, next);
                place = next;
            }
        }
    }

    fn order_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.order_by(|a, b| key(a).cmp(&key(b)));
    }
}

/// Which of `len` items belongs in each place.
fn permutation(len: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut from: Vec<usize> = (0..len).collect();
    from.sort_by(|a, b| compare(*a, *b));
    from
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_that_of_the_standard_library() {
        let mut rng = crate::Rng::forked(1, "order");
        for len in 0..60 {
            let list: Vec<(u64, u64)> = (0..len).map(|index| (rng.next_u64() % 9, index)).collect();
            let (mut ours, mut theirs) = (list.clone(), list);
            ours.order_by_key(|item| item.0);
            theirs.sort_by_key(|item| item.0);
            assert_eq!(ours, theirs);
            ours.order_by(|a, b| b.cmp(a));
            theirs.sort_by(|a, b| b.cmp(a));
            assert_eq!(ours, theirs);
            ours.order();
            theirs.sort();
            assert_eq!(ours, theirs);
        }
    }
}
