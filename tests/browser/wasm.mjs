// The simulation's module, outside of a browser.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const dist = process.env.DIST ?? fileURLToPath(new URL("../../dist/", import.meta.url));
const folder = join(dist, readdirSync(dist).find((name) => name.startsWith("worker-")));
export const module = await import(pathToFileURL(join(folder, "podium-worker.js")));
export const memory = module.initSync({ module: readFileSync(join(folder, "podium-worker_bg.wasm")) }).memory;
