//! A fingerprint of everything that happened, for comparing two runs.

/// Folds every event and every poll of a task, with its instant, into one number. Two runs with the
/// same fingerprint after the same count of steps went the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Steps so far: events that fired and tasks that were polled.
    pub steps: u64,
    /// FNV-1a over all of them.
    pub fingerprint: u64,
}

impl Default for Trace {
    fn default() -> Self {
        Trace { steps: 0, fingerprint: 0xcbf2_9ce4_8422_2325 }
    }
}

impl Trace {
    /// Folds one step in.
    pub fn step(&mut self, a: u64, b: u64) {
        self.steps += 1;
        self.fold(a);
        self.fold(b);
    }

    /// Folds a number in without counting it as a step.
    pub fn fold(&mut self, number: u64) {
        self.fingerprint = (self.fingerprint ^ number).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }
}
