// Brings the simulation up: in a worker, or on this thread where no worker can be had. Both ends speak
// through `post` and `receive`; `died` is called once, with a sentence.

export function connect(url, receive, died) {
  const link = { post() {}, stop() {} };
  let worker;
  try {
    worker = new Worker(url, { type: "module", name: "podium" });
  } catch {
    onThisThread(link, url, receive, died);
    return link;
  }
  let heard = false;
  worker.onmessage = (event) => {
    heard = true;
    receive(event.data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    worker.onerror = null;
    if (heard) {
      died(event.message || "the simulation stopped");
    } else {
      worker.terminate();
      onThisThread(link, url, receive, died);
    }
  };
  link.post = (message) => worker.postMessage(message);
  link.stop = () => worker.terminate();
  return link;
}

let instances = 0;

async function onThisThread(link, url, receive, died) {
  const { port1, port2 } = new MessageChannel();
  const onError = (event) => {
    if (event.error instanceof WebAssembly.RuntimeError) died(event.message);
  };
  window.addEventListener("error", onError);
  link.post = (message) => port1.postMessage(message);
  link.stop = () => {
    window.removeEventListener("error", onError);
    port1.close();
    port2.close();
  };
  port1.onmessage = (event) => receive(event.data);
  try {
    // A query of its own makes a module, and with it a memory, of its own.
    const { serve } = await import(`${url}?${++instances}`);
    serve(port2);
  } catch (error) {
    died(String(error));
  }
}
