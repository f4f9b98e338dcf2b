// Loads the simulation. In a worker it serves the page at once; elsewhere the page calls `serve`.

const here = new URL(import.meta.url);
const { default: init, serve } = await import(`./podium-worker.js${here.search}`);
await init({ module_or_path: new URL("./podium-worker_bg.wasm", here) });

if (typeof DedicatedWorkerGlobalScope !== "undefined" && self instanceof DedicatedWorkerGlobalScope) serve(self);

export { serve };
