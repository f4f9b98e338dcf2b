// What a first visit downloads: raw, gzip, brotli.

import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const dist = process.env.DIST ?? fileURLToPath(new URL("../../dist/", import.meta.url));
const walk = (dir) => readdirSync(join(dist, dir)).flatMap((name) => {
  const path = join(dir, name);
  return statSync(join(dist, path)).isDirectory() ? walk(path) : [path];
});
// The offline cache comes after the first prompt; the README of the decks and package data are not asked for.
const loaded = walk("").filter((file) => !/(^sw\.js|README\.md|package\.json)$/.test(file));
const total = [0, 0, 0];
const later = [0, 0, 0];
const line = (name, sizes) => console.log(name.padEnd(52) + sizes.map((n) => String(n).padStart(10)).join(""));
console.log("".padEnd(52) + ["raw", "gzip", "brotli"].map((n) => n.padStart(10)).join(""));
for (const file of loaded) {
  const raw = readFileSync(join(dist, file));
  const brotli = brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length } });
  const sizes = [raw.length, gzipSync(raw, { level: 9 }).length, brotli.length];
  // Fetched once the prompt is there.
  const sum = file.endsWith("_rest.wasm") ? later : total;
  sizes.forEach((size, at) => (sum[at] += size));
  line(file, sizes);
}
line("up to the first prompt", total);
line("after it", later);
