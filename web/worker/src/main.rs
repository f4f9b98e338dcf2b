//! The worker's module: what its JavaScript side can call.

fn main() {}

/// The functions that JavaScript sees.
#[cfg(target_arch = "wasm32")]
mod exports {
    use wasm_bindgen::prelude::*;

    /// Serves the page at the other end of `port`: the worker's own scope, or a `MessagePort` where no
    /// worker can be had.
    #[wasm_bindgen]
    pub fn serve(port: JsValue) {
        podium_worker::serve::serve(port.unchecked_into());
    }

    /// What `seed` and its random commands lead to; the native program prints the same.
    #[wasm_bindgen]
    pub fn fingerprint(seed: u32) -> String {
        podium_worker::determinism::fingerprint(u64::from(seed))
    }

    /// The names of the benchmarks, one a line.
    #[wasm_bindgen]
    pub fn benchmarks() -> String {
        podium_worker::bench::SCENARIOS.iter().map(|s| s.name).collect::<Vec<_>>().join("\n")
    }

    /// Runs a benchmark once; the caller holds the watch. The answer is how much was done.
    #[wasm_bindgen]
    pub fn benchmark(name: &str) -> Option<f64> {
        podium_worker::bench::find(name).map(|scenario| (scenario.run)() as f64)
    }
}
