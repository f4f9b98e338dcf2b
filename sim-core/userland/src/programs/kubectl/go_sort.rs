//! The order that Go's `sort.Sort` leaves among equals: pattern-defeating quicksort, with its own fixed choices.
//!
//! Short lists are sorted by insertion, which keeps equals as they came; from thirteen on it does not, and
//! `kubectl events` shows it. Models `sort/zsortinterface.go`.

use serde_json::Value;

/// Sorts as Go does, by the keys of the items, which stand at the same places.
pub fn sort<K: PartialOrd>(items: &mut [Value], keys: &[K]) {
    sort_by(items, &|a, b| keys[a] < keys[b]);
}

/// Sorts as Go does; `less` says of two places whether what was at the first comes before what was at the second.
pub fn sort_by(items: &mut [Value], less: &dyn Fn(usize, usize) -> bool) {
    let end = items.len();
    let mut order: Vec<usize> = (0..end).collect();
    Sorter { order: &mut order, less }.sort(0, end, usize::BITS - end.leading_zeros());
    let mut before: Vec<Value> = items.iter_mut().map(Value::take).collect();
    for (item, place) in items.iter_mut().zip(order) {
        *item = before[place].take();
    }
}

const MAX_INSERTION: usize = 12;
const SHORTEST_NINTHER: usize = 50;
const SHORTEST_SHIFTING: usize = 50;
const MAX_STEPS: usize = 5;
const MAX_SWAPS: usize = 12;

/// What was sorted so far, as places in the list that came.
struct Sorter<'a> {
    order: &'a mut [usize],
    less: &'a dyn Fn(usize, usize) -> bool,
}

impl Sorter<'_> {
    fn less(&self, a: usize, b: usize) -> bool {
        (self.less)(self.order[a], self.order[b])
    }

    fn sort(&mut self, mut a: usize, mut b: usize, mut limit: u32) {
        let (mut balanced, mut partitioned) = (true, true);
        loop {
            let length = b - a;
            if length <= MAX_INSERTION {
                return self.insert(a, b);
            }
            if limit == 0 {
                return self.heap(a, b);
            }
            if !balanced {
                self.break_patterns(a, b);
                limit -= 1;
            }
            let (mut pivot, swaps) = self.choose_pivot(a, b);
            let mut increasing = swaps == 0;
            if swaps == MAX_SWAPS {
                self.order[a..b].reverse();
                pivot = (b - 1) - (pivot - a);
                increasing = true;
            }
            if balanced && partitioned && increasing && self.insert_few(a, b) {
                return;
            }
            if a > 0 && !self.less(a - 1, pivot) {
                a = self.partition_equal(a, b, pivot);
                continue;
            }
            let (middle, already) = self.partition(a, b, pivot);
            partitioned = already;
            let (left, right) = (middle - a, b - middle);
            balanced = left.min(right) >= length / 8;
            if left < right {
                self.sort(a, middle, limit);
                a = middle + 1;
            } else {
                self.sort(middle + 1, b, limit);
                b = middle;
            }
        }
    }

    fn insert(&mut self, a: usize, b: usize) {
        for i in a + 1..b {
            let mut j = i;
            while j > a && self.less(j, j - 1) {
                self.order.swap(j, j - 1);
                j -= 1;
            }
        }
    }

    /// Sorts what is nearly sorted; false when it is not.
    fn insert_few(&mut self, a: usize, b: usize) -> bool {
        let mut i = a + 1;
        for _ in 0..MAX_STEPS {
            while i < b && !self.less(i, i - 1) {
                i += 1;
            }
            if i == b {
                return true;
            }
            if b - a < SHORTEST_SHIFTING {
                return false;
            }
            self.order.swap(i, i - 1);
            if i - a >= 2 {
                let mut j = i - 1;
                while j >= 1 && self.less(j, j - 1) {
                    self.order.swap(j, j - 1);
                    j -= 1;
                }
            }
            if b - i >= 2 {
                let mut j = i + 1;
                while j < b && self.less(j, j - 1) {
                    self.order.swap(j, j - 1);
                    j += 1;
                }
            }
        }
        false
    }

    fn heap(&mut self, first: usize, b: usize) {
        let end = b - first;
        for root in (0..=(end - 1) / 2).rev() {
            self.sift_down(root, end, first);
        }
        for last in (0..end).rev() {
            self.order.swap(first, first + last);
            self.sift_down(0, last, first);
        }
    }

    fn sift_down(&mut self, mut root: usize, end: usize, first: usize) {
        loop {
            let mut child = 2 * root + 1;
            if child >= end {
                return;
            }
            if child + 1 < end && self.less(first + child, first + child + 1) {
                child += 1;
            }
            if !self.less(first + root, first + child) {
                return;
            }
            self.order.swap(first + root, first + child);
            root = child;
        }
    }

    fn partition(&mut self, a: usize, b: usize, pivot: usize) -> (usize, bool) {
        self.order.swap(a, pivot);
        let (mut i, mut j) = (a + 1, b - 1);
        let mut already = true;
        loop {
            while i <= j && self.less(i, a) {
                i += 1;
            }
            while i <= j && !self.less(j, a) {
                j -= 1;
            }
            if i > j {
                self.order.swap(j, a);
                return (j, already);
            }
            already = false;
            self.order.swap(i, j);
            i += 1;
            j -= 1;
        }
    }

    fn partition_equal(&mut self, a: usize, b: usize, pivot: usize) -> usize {
        self.order.swap(a, pivot);
        let (mut i, mut j) = (a + 1, b - 1);
        loop {
            while i <= j && !self.less(a, i) {
                i += 1;
            }
            while i <= j && self.less(a, j) {
                j -= 1;
            }
            if i > j {
                return i;
            }
            self.order.swap(i, j);
            i += 1;
            j -= 1;
        }
    }

    fn break_patterns(&mut self, a: usize, b: usize) {
        let length = b - a;
        if length < 8 {
            return;
        }
        let mut random = length as u64;
        let mask = (1_u64 << (u64::BITS - random.leading_zeros())) - 1;
        let place = a + (length / 4) * 2 - 1;
        for i in 0..3 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let mut other = (random & mask) as usize;
            if other >= length {
                other -= length;
            }
            self.order.swap(place + i, a + other);
        }
    }

    fn choose_pivot(&self, a: usize, b: usize) -> (usize, usize) {
        let length = b - a;
        let mut swaps = 0;
        let quarter = length / 4;
        let [mut i, mut j, mut k] = [a + quarter, a + quarter * 2, a + quarter * 3];
        if length >= 8 {
            if length >= SHORTEST_NINTHER {
                i = self.median(i - 1, i, i + 1, &mut swaps);
                j = self.median(j - 1, j, j + 1, &mut swaps);
                k = self.median(k - 1, k, k + 1, &mut swaps);
            }
            j = self.median(i, j, k, &mut swaps);
        }
        (j, swaps)
    }

    fn median(&self, mut a: usize, mut b: usize, mut c: usize, swaps: &mut usize) -> usize {
        self.in_order(&mut a, &mut b, swaps);
        self.in_order(&mut b, &mut c, swaps);
        self.in_order(&mut a, &mut b, swaps);
        b
    }

    fn in_order(&self, a: &mut usize, b: &mut usize, swaps: &mut usize) {
        if self.less(*b, *a) {
            *swaps += 1;
            std::mem::swap(a, b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_come_as_go_leaves_them() {
        let sorted = |items: &[(u32, u32)]| {
            let mut places: Vec<Value> = (0..items.len()).map(Value::from).collect();
            let keys: Vec<u32> = items.iter().map(|item| item.0).collect();
            sort(&mut places, &keys);
            let at = |place: &Value| items[place.as_u64().expect("a place") as usize];
            places.iter().map(at).collect::<Vec<(u32, u32)>>()
        };
        let few: Vec<(u32, u32)> = (0..12).map(|i| (i % 3, i)).collect();
        let mut stable = few.clone();
        stable.sort_by_key(|item| item.0);
        assert_eq!(sorted(&few), stable);
        for count in [13, 30, 60, 1000] {
            let many: Vec<(u32, u32)> = (0..count).map(|i| (i * 7919 % 31, i)).collect();
            let sorted = sorted(&many);
            assert!(sorted.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{count}");
            let mut all: Vec<u32> = sorted.iter().map(|item| item.1).collect();
            all.sort_unstable();
            assert_eq!(all, (0..count).collect::<Vec<u32>>());
        }
    }
}
