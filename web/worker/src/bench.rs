//! The benchmarks, one list for native and wasm. The caller holds the watch, since the world has none.

/// One benchmark.
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// What it counts.
    pub unit: &'static str,
    /// Runs it once; the answer is how much was done.
    pub run: fn() -> u64,
}

/// All of them, in the order in which they are printed.
pub const SCENARIOS: &[Scenario] = &[Scenario { name: "random session", unit: "steps", run: random_session }];

/// The scenario called `name`.
pub fn find(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}

fn random_session() -> u64 {
    let line = crate::determinism::fingerprint(1);
    line.split(' ').nth(1).and_then(|steps| steps.parse().ok()).unwrap_or(0)
}
