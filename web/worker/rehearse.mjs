// Plays a visit through in a module, outside of a browser, and prints how it went. Of an instrumented module it
// writes a byte for each function: was it called?
//
//   node rehearse.mjs podium-worker.js MODULE.wasm [CALLED]

import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [script, wasm, called] = process.argv.slice(2);
globalThis.fetchDeferredCode = () => {};
globalThis.loadDeferredCode = () => {
  throw new Error("up to the first prompt, something is called that comes after it");
};
const module = await import(pathToFileURL(resolve(script)));
const exports = module.initSync({ module: readFileSync(wasm) });
const trace = module.rehearse();
if (!trace) throw new Error("the rehearsal came to no prompt");
if (called) writeFileSync(called, new Uint8Array(exports.memory.buffer, exports.called.value, exports.functions.value));
console.log(trace);
