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

    #[wasm_bindgen]
    extern "C" {
        /// Called by code that is not there yet, and brings it; `worker.js` has it. The build writes the calls
        /// when it splits the module.
        #[wasm_bindgen(js_name = loadDeferredCode)]
        fn load_deferred_code();
    }

    /// Brings the second module now rather than when it is first called; measurements begin with it.
    #[wasm_bindgen]
    pub fn load_rest() {
        load_deferred_code();
    }

    /// Plays a visit up to its first prompt; the build splits the module by what it calls.
    #[wasm_bindgen]
    pub fn rehearse() -> Option<String> {
        podium_worker::rehearsal::rehearse()
    }

    /// What `seed` and its random commands lead to; the native program prints the same.
    #[wasm_bindgen]
    pub fn fingerprint(seed: u32) -> String {
        podium_worker::determinism::fingerprint(u64::from(seed))
    }

    /// The names of the benchmarks, one a line.
    #[cfg(feature = "bench")]
    #[wasm_bindgen]
    pub fn benchmarks() -> String {
        podium_worker::bench::SCENARIOS.iter().map(|s| s.name).collect::<Vec<_>>().join("\n")
    }

    /// A world made ready for a benchmark.
    #[cfg(feature = "bench")]
    #[wasm_bindgen]
    pub struct Benchmark {
        scenario: &'static podium_worker::bench::Scenario,
        world: sim_core::Sim,
    }

    #[cfg(feature = "bench")]
    #[wasm_bindgen]
    impl Benchmark {
        /// Makes the world ready; this is not measured.
        pub fn prepare(name: &str) -> Option<Benchmark> {
            let scenario = podium_worker::bench::find(name)?;
            Some(Benchmark { scenario, world: (scenario.prepare)() })
        }

        /// Runs once; the caller holds the watch. The answer is how much was done.
        pub fn run(&mut self) -> f64 {
            (self.scenario.run)(&mut self.world) as f64
        }
    }
}
