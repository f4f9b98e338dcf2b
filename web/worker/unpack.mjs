// Unpacks a module as the page does; the build compares.
//
//   node unpack.mjs PACKED.wasm OUT.wasm

import { readFileSync, writeFileSync } from "node:fs";
import { unpack } from "../static/unpack.js";

const [packed, out] = process.argv.slice(2);
writeFileSync(out, unpack(readFileSync(packed)));
