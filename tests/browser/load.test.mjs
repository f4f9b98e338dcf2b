// What a visitor waits for: the first prompt comes with the first part of the simulation's code.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { focusTerminal, launch, open, ready, serve, type, waitForScreen } from "./harness.mjs";

let site, browser;
before(async () => {
  site = await serve();
  browser = await launch();
});
after(async () => {
  await browser.close();
  await site.close();
});

/** A page whose requests for the second part wait until `release` is called. */
async function openWithoutRest() {
  const context = await browser.newContext({ serviceWorkers: "block" });
  let release;
  const released = new Promise((resolve) => (release = resolve));
  const asked = [];
  await context.route(/_rest\.wasm$/, async (route) => {
    asked.push(route.request().url());
    await released;
    await route.continue();
  });
  const page = await open(browser, site, { context });
  return { page, release, asked };
}

test("the first prompt does without the second part", async () => {
  const { page, release, asked } = await openWithoutRest();
  await ready(page);
  // It is fetched once the prompt is there.
  while (asked.length === 0) await page.waitForTimeout(10);
  release();
  await focusTerminal(page);
  await type(page, "kubectl get nodes");
  await waitForScreen(page, /node1 +Ready/);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("a second part that cannot be had is asked for again, and the lab goes on", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  let refused = 0;
  let network = false;
  await context.route(/_rest\.wasm$/, async (route) => {
    if (network) return route.continue();
    refused += 1;
    return route.abort("failed");
  });
  const page = await open(browser, site, { context });
  page.mayFail = true;
  await ready(page);
  await focusTerminal(page);
  await page.keyboard.press("Space");
  // No key can be taken without it, so the worker ends; what it was about to do is done when the network is back.
  await page.locator(".notice", { hasText: "when the network is back" }).waitFor();
  assert.ok(refused > 0);
  network = true;
  await page.waitForTimeout(3_000);
  await focusTerminal(page);
  await type(page, "kubectl create deployment blue --image=jpetazzo/color");
  await waitForScreen(page, "deployment.apps/blue created");
  await page.context().close();
});
