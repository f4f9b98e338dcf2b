//! Chance: one seed, a stream of its own for each name.

/// A stream of random numbers (xoshiro256**). Equal seeds and names give equal streams.
#[derive(Clone, Debug)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// The stream called `name` of the world with this `seed`.
    pub fn forked(seed: u64, name: &str) -> Self {
        // FNV-1a folds the name into the seed; splitmix64 spreads it over the state.
        let mut folded = seed ^ 0xcbf2_9ce4_8422_2325;
        for byte in name.bytes() {
            folded = (folded ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let mut split = || {
            folded = folded.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = folded;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        Rng { state: [split(), split(), split(), split()] }
    }

    /// Any number.
    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let number = self.next_u64();
        if bound >> 32 != 0 {
            return ((u128::from(number) * u128::from(bound)) >> 64) as u64;
        }
        // The same without 128 bits, which wasm does not have.
        ((number >> 32) * bound + (((number & 0xffff_ffff) * bound) >> 32)) >> 32
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// A duration from `low` to `high`, both included.
    pub fn duration(&mut self, low: std::time::Duration, high: std::time::Duration) -> std::time::Duration {
        std::time::Duration::from_nanos(self.between(low.as_nanos() as u64, high.as_nanos() as u64))
    }

    /// True once in `n` times on average.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// Some element of `items`, or nothing when there is none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len() as u64) as usize)
    }

    /// Puts `items` into a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&self.next_u64().to_le_bytes()[..chunk.len()]);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_name_and_repeat_by_seed() {
        let first = |seed, name| Rng::forked(seed, name).next_u64();
        assert_eq!(first(1, "kubelet"), first(1, "kubelet"));
        assert_ne!(first(1, "kubelet"), first(1, "scheduler"));
        assert_ne!(first(1, "kubelet"), first(2, "kubelet"));
    }

    #[test]
    fn small_bounds_are_reckoned_as_large_ones() {
        let mut rng = Rng::forked(3, "dice");
        let mut same = rng.clone();
        for bound in [0, 1, 2, 6, 1_000, 0xffff_ffff, 0x1_0000_0000, u64::MAX].repeat(100) {
            let expected = ((u128::from(same.next_u64()) * u128::from(bound)) >> 64) as u64;
            assert_eq!(rng.below(bound), expected);
        }
    }

    #[test]
    fn below_reaches_every_value_and_no_other() {
        let mut rng = Rng::forked(7, "dice");
        let mut seen = [0; 6];
        for _ in 0..6_000 {
            seen[rng.below(6) as usize] += 1;
        }
        assert!(seen.iter().all(|&n| (850..1_150).contains(&n)), "{seen:?}");
    }
}
