//! Prints what the first N seeds lead to, one a line; `tests/browser/fingerprint.mjs` prints the same from wasm.

#[expect(clippy::print_stdout, reason = "a command-line tool prints")]
fn main() {
    let count: u64 = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(10);
    for seed in 1..=count {
        println!("{}", podium_worker::determinism::fingerprint(seed));
    }
}
