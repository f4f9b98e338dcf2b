// Loads the simulation. In a worker it serves the page at once; elsewhere the page calls `serve`.
//
// What runs up to the first prompt is one module. The rest of the code is a second one: it is fetched once the
// prompt is there, and joins when it is first called.

import { unpack } from "./unpack.js";

const here = new URL(import.meta.url);
const part = (name) => new URL(`./podium-worker_${name}.wasm`, here);
const rest = part("rest");
const isWorker = typeof DedicatedWorkerGlobalScope !== "undefined" && self instanceof DedicatedWorkerGlobalScope;
let first;
let second;
let ahead;

// Ahead of time it is asked for once; whoever cannot do without it asks again.
globalThis.fetchDeferredCode = () => (ahead ??= fetchAhead());

async function fetchAhead() {
  if (first.deferred && !first.loaded.value) second = await fetchPart(rest).catch(() => undefined);
}

async function fetchPart(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(response.statusText);
  return WebAssembly.compile(unpack(new Uint8Array(await response.arrayBuffer())));
}

globalThis.loadDeferredCode = () => {
  second ??= new WebAssembly.Module(unpack(new Uint8Array(fetchNow(rest))));
  new WebAssembly.Instance(second, { first });
};

// The simulation cannot wait for a promise in the middle of a step.
function fetchNow(url) {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.responseType = "arraybuffer";
  try {
    request.send();
  } catch {
    // Says nothing of use; that there is no answer does.
  }
  if (!request.response?.byteLength) throw new Error("a part of the class could not be loaded");
  return request.response;
}

const { default: init, serve } = await import(`./podium-worker.js${here.search}`);
first = await init({ module_or_path: await fetchPart(part("bg")) });

if (isWorker) {
  serve(self);
} else if (first.deferred) {
  // A page may not wait for a request, so it has both before it begins.
  await WebAssembly.instantiate(await fetchPart(rest), { first });
}

export { serve };
