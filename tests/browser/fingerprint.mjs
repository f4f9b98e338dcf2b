// Prints what the first N seeds lead to, as the native program of the same name does.

import { module } from "./wasm.mjs";

const count = Number(process.argv[2] ?? 10);
for (let seed = 1; seed <= count; seed++) console.log(module.fingerprint(seed));
