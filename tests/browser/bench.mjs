// The benchmarks in wasm: the best of three runs, and how far memory grew.

import { memory, module } from "./wasm.mjs";

module.load_rest();
for (const name of module.benchmarks().split("\n")) {
  let best = Infinity;
  let count = 0;
  for (let round = 0; round < 3; round++) {
    const benchmark = module.Benchmark.prepare(name);
    const begin = performance.now();
    count = benchmark.run();
    best = Math.min(best, performance.now() - begin);
    benchmark.free();
  }
  const rate = Math.round((count / best) * 1000);
  const megabytes = (memory.buffer.byteLength / 1e6).toFixed(1);
  console.log(`${name.padEnd(40)} ${best.toFixed(2).padStart(10)} ms ${String(count).padStart(10)} ${String(rate).padStart(12)}/s ${megabytes.padStart(8)} MB`);
}
