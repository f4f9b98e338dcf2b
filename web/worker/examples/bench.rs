//! Runs the benchmarks natively; `tests/browser/bench.mjs` runs the same in wasm.

use podium_worker::bench::{SCENARIOS, Scenario};

#[expect(clippy::print_stdout, reason = "a command-line tool prints")]
fn main() {
    for scenario in SCENARIOS {
        let (best_ms, count) = measure(scenario);
        let rate = count as f64 / best_ms * 1000.0;
        println!(
            "{:<40} {best_ms:>10.2} ms {count:>10} {:<10} {rate:>12.0}/s {:>6} MB",
            scenario.name,
            scenario.unit,
            peak_megabytes()
        );
    }
}

/// The most memory that this process has had, in megabytes, where the system says so.
fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// The best of three runs.
#[expect(clippy::disallowed_types, reason = "the watch of the one who measures, outside of the simulation")]
fn measure(scenario: &Scenario) -> (f64, u64) {
    let mut best = (f64::MAX, 0);
    for _ in 0..3 {
        let mut world = (scenario.prepare)();
        let begin = std::time::Instant::now();
        let count = (scenario.run)(&mut world);
        let took_ms = begin.elapsed().as_secs_f64() * 1000.0;
        if took_ms < best.0 {
            best = (took_ms, count);
        }
    }
    best
}
