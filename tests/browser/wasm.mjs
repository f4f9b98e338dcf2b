// The simulation's module, outside of a browser.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const dist = process.env.DIST ?? fileURLToPath(new URL("../../dist/", import.meta.url));
const folder = join(dist, readdirSync(dist).find((name) => name.startsWith("worker-")));
const { unpack } = await import(pathToFileURL(join(folder, "unpack.js")));
const read = (part) => unpack(readFileSync(join(folder, `podium-worker_${part}.wasm`)));
globalThis.fetchDeferredCode = () => {};
globalThis.loadDeferredCode = () =>
  new WebAssembly.Instance(new WebAssembly.Module(read("rest")), { first });
export const module = await import(pathToFileURL(join(folder, "podium-worker.js")));
const first = module.initSync({ module: read("bg") });
export const memory = first.memory;
