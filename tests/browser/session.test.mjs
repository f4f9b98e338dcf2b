// The session: what is typed and run, what must never freeze, and what must come back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { focusTerminal, launch, open, ready, screen, serve, type, waitForPrompt, waitForScreen } from "./harness.mjs";

let site, browser;
before(async () => {
  site = await serve();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await site?.close();
});

async function done(page) {
  assert.deepEqual(page.complaints, [], "the page complains");
  assert.deepEqual(page.foreign, [], "requests to another origin");
  await page.context().close();
}

/** Goes to the slide called `name`. */
async function goTo(page, name) {
  await page.evaluate((name) => (location.hash = `#${name}`), name);
  await page.waitForTimeout(100);
}

const run = (page, index) => page.locator(".command .run").nth(index).click();

test("Run, Insert and Copy; blanks fill themselves; a placeholder gets a hint", async () => {
  const page = await open(browser, site, { path: "#create-deployment" });
  await ready(page);
  const first = await page.locator(".lab .command").count();
  if (first === 0) await goTo(page, "5");
  await run(page, 0);
  await page.locator(".command.is-done").first().waitFor({ timeout: 30_000 });
  await goTo(page, "connect-to-the-pod");
  await page.locator(".chip:not(.is-empty)").waitFor({ timeout: 60_000 });
  await run(page, 1);
  await waitForScreen(page, /default\/blue-/);
  await page.locator(".command").nth(0).getByRole("button", { name: /^Insert/ }).click();
  await waitForScreen(page, /\$ kubectl get pods -o wide\s*$/);
  await page.keyboard.press("Control+u");
  await page.locator(".command").nth(0).getByRole("button", { name: /^Copy/ }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "kubectl get pods -o wide");
  await focusTerminal(page);
  await type(page, "echo IP-ADDRESS");
  await page.locator(".notice", { hasText: "stands for the address of a pod" }).waitFor();
  await done(page);
});

test("Run interrupts what still runs, and opens a second terminal for a meanwhile", async () => {
  const page = await open(browser, site, { path: "#pods-come-and-go" });
  await ready(page);
  await focusTerminal(page);
  await type(page, "kubectl create deployment blue --image=jpetazzo/color");
  await waitForScreen(page, "deployment.apps/blue created");
  await waitForPrompt(page);
  await run(page, 0);
  await waitForScreen(page, /Every 2/);
  await page.locator(".chip:not(.is-empty)").waitFor({ timeout: 60_000 });
  await run(page, 1);
  await waitForScreen(page, /pod "blue-[^"]*" deleted/, { timeout: 60_000 });
  assert.equal(await page.locator(".tab").count(), 1);
  await page.evaluate(() => (location.hash = "#a-stable-endpoint"));
  await page.locator(".slide h2").first().waitFor();
  const loop = page.locator(".command", { hasText: "while sleep" });
  if (await loop.count()) {
    await loop.locator(".run").click();
    await page.waitForTimeout(800);
    await page.locator(".chip:not(.is-empty)").waitFor({ timeout: 60_000 });
    await page.locator(".command", { hasText: "kubectl delete pod" }).locator(".run").click();
    await page.locator(".tab").nth(1).waitFor();
  }
  await done(page);
});

for (const command of ["while true; do :; done", "yes"]) {
  test(`^C answers within 100 ms under \`${command}\``, async () => {
    const page = await open(browser, site);
    await ready(page);
    await focusTerminal(page);
    await type(page, command);
    await page.waitForTimeout(2000);
    // The page is smooth: frames keep coming.
    const frames = await page.evaluate(
      () =>
        new Promise((resolve) => {
          let count = 0;
          const end = performance.now() + 1000;
          const next = () => (performance.now() < end ? (count++, requestAnimationFrame(next)) : resolve(count));
          requestAnimationFrame(next);
        }),
    );
    assert.ok(frames > 20, `${frames} frames in a second`);
    // From the key to the worker's word that the shell waits again, measured in the page.
    const took = await page.evaluate(async () => {
      const lamp = document.querySelector(".tab.is-active .lamp");
      const begin = performance.now();
      document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "c", code: "KeyC", keyCode: 67, ctrlKey: true, bubbles: true, cancelable: true }));
      while (lamp.classList.contains("is-busy") && performance.now() - begin < 5000) await new Promise((r) => setTimeout(r, 1));
      return performance.now() - begin;
    });
    assert.ok(took < 100, `${took.toFixed(0)} ms`);
    await type(page, "echo over");
    await waitForScreen(page, /^over/m);
    await done(page);
  });
}

test("a reload brings everything back: slide, shell, variables, scrollback", async () => {
  const page = await open(browser, site, { path: "#5" });
  await ready(page);
  await focusTerminal(page);
  await type(page, "KEPT=forever");
  await type(page, "echo before the reload");
  await waitForScreen(page, /^before the reload/m);
  await waitForPrompt(page);
  const before = await screen(page);
  await page.reload();
  await ready(page);
  await waitForScreen(page, /^before the reload/m);
  assert.equal(await screen(page), before);
  assert.equal(await page.evaluate(() => location.hash), "#5");
  await focusTerminal(page);
  await type(page, "echo $KEPT");
  await waitForScreen(page, /^forever/m);
  await done(page);
});

test("killed at random moments, the page comes back with all that was typed", async () => {
  const context = await browser.newContext({ reducedMotion: "reduce" });
  let page = await open(browser, site, { context });
  await ready(page);
  for (let kill = 1; kill <= 8; kill++) {
    await focusTerminal(page);
    await type(page, `echo line-${kill}`);
    await waitForScreen(page, new RegExp(`^line-${kill}`, "m"));
    await page.waitForTimeout(Math.random() * 400);
    const before = (await screen(page)).trim();
    // Closed like a tab that the system kills: no handler runs.
    await page.close({ runBeforeUnload: false });
    page = await open(browser, site, { context });
    await ready(page);
    await waitForScreen(page, new RegExp(`^line-${kill}`, "m"));
    assert.equal((await screen(page)).trim(), before);
  }
  await done(page);
});

test("when the simulation dies the slide stays, and the lab is back before the last command", async () => {
  const page = await open(browser, site, { path: "#5" });
  await ready(page);
  await focusTerminal(page);
  await type(page, "echo first");
  await waitForScreen(page, /^first/m);
  await waitForPrompt(page);
  await type(page, "echo second");
  await waitForScreen(page, /^second/m);
  await page.workers()[0].evaluate(() => {
    setTimeout(() => {
      throw new Error("unreachable");
    }, 0);
  });
  await page.locator(".notice.trouble").waitFor();
  assert.equal(await page.locator(".slide h2").count() > 0, true);
  await waitForScreen(page, /^first(?![\s\S]*^second)/m);
  const [report] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save a report" }).click()]);
  assert.equal(report.suggestedFilename(), "podium-report.json");
  await focusTerminal(page);
  await type(page, "echo third");
  await waitForScreen(page, /^third/m);
  page.complaints.length = 0;
  await done(page);
});

/** From now on, the worker of the page traps in the middle of a step when it is about to show `text`. */
async function trapOn(page, text) {
  await page.workers()[0].evaluate((text) => {
    // One function, and in it `unreachable`.
    const code = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11];
    const { t: trap } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(code))).exports;
    const post = self.postMessage.bind(self);
    self.postMessage = (message, transfer) => {
      if (message[1] && new TextDecoder().decode(message[1]).includes(text)) trap();
      post(message, transfer);
    };
  }, text);
}

test("when the simulation's wasm traps the slide can be read, and the lab is back before the last command", async () => {
  const page = await open(browser, site, { path: "#5" });
  await ready(page);
  const title = await page.locator(".slide h2").first().textContent();
  await focusTerminal(page);
  await type(page, "KEPT=all; echo first");
  await waitForScreen(page, /^first/m);
  await waitForPrompt(page);
  await trapOn(page, "over the edge");
  await type(page, "KEPT=none; echo over 'the' edge");
  const notice = page.locator(".notice.trouble");
  await notice.waitFor();
  assert.match(await notice.textContent(), /The simulation stopped: .*unreachable/);
  assert.equal(await page.locator(".slide h2").first().textContent(), title);
  await page.locator(".stage").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.evaluate(() => location.hash), "#6");
  await page.locator(".position", { hasText: "6 /" }).waitFor();
  await page.locator(".restoring").waitFor({ state: "detached" });
  await waitForScreen(page, /^first(?![\s\S]*edge)/m);
  await focusTerminal(page);
  await type(page, "echo $KEPT");
  await waitForScreen(page, /^all/m);
  await done(page);
});

test("Reset this lab takes back what was done on its slide, and nothing before it", async () => {
  const page = await open(browser, site, { path: "#2" });
  await ready(page);
  await focusTerminal(page);
  await type(page, "KEPT=before; echo on another slide");
  await waitForScreen(page, /^on another slide/m);
  await waitForPrompt(page);
  await goTo(page, "create-the-server");
  await run(page, 0);
  await page.locator(".command.is-done").first().waitFor({ timeout: 30_000 });
  const pods = page.locator(".pod-name", { hasText: /^blue-/ });
  await pods.first().waitFor();
  const choose = async (answer) => {
    await page.locator(".more .menu-button").click();
    await page.getByRole("menuitem", { name: "Reset this lab" }).click();
    await page.locator("dialog[open]").getByRole("button", { name: answer }).click();
    await page.locator("dialog[open]").waitFor({ state: "detached" });
  };
  await choose("Leave it as it is");
  await waitForScreen(page, "deployment.apps/blue created");
  assert.equal(await page.locator(".command.is-done").count(), 1);
  await choose("Reset this lab");
  await waitForScreen(page, /^on another slide(?![\s\S]*created)/m);
  await pods.first().waitFor({ state: "detached" });
  assert.equal(await page.locator(".command.is-done").count(), 0);
  await focusTerminal(page);
  await type(page, "echo $KEPT; kubectl get deployments");
  await waitForScreen(page, /^before[\s\S]*^No resources found in default namespace\./m);
  await done(page);
});

test("Skip goes to the next thing that happens, at once", async () => {
  const page = await open(browser, site, { path: "#5" });
  await ready(page);
  const seconds = async () => {
    const [hours, minutes, rest] = (await page.locator(".clock time").textContent()).split(":").map(Number);
    return hours * 3600 + minutes * 60 + rest;
  };
  await page.waitForFunction(() => /\d/.test(document.querySelector(".clock time").textContent));
  await focusTerminal(page);
  await type(page, "sleep 300; echo slept");
  await page.locator(".tab.is-active .lamp.is-busy").waitFor();
  const before = await seconds();
  const skip = page.getByRole("button", { name: "Skip to the next thing that happens" });
  await skip.click();
  await waitForScreen(page, /^slept/m, { timeout: 5_000 });
  await page.waitForFunction(() => !document.querySelector(".clock button:disabled"));
  // Around midnight the hours begin again.
  const passed = ((await seconds()) - before + 86_400) % 86_400;
  assert.ok(passed >= 298 && passed < 330, `${passed} s passed`);
  await done(page);
});

test("undo takes back one command, reset all of them", async () => {
  const page = await open(browser, site, { path: "#5" });
  await ready(page);
  await focusTerminal(page);
  for (const word of ["first", "second"]) {
    await type(page, `echo ${word}`);
    await waitForScreen(page, new RegExp(`^${word}`, "m"));
    await waitForPrompt(page);
  }
  await page.getByRole("button", { name: "Undo" }).click();
  await waitForScreen(page, /^first(?![\s\S]*second)/m);
  await page.locator(".more .menu-button").click();
  await page.getByRole("menuitem", { name: "Reset everything" }).click();
  await page.getByRole("button", { name: "Reset everything" }).click();
  await waitForScreen(page, /^(?![\s\S]*first)[\s\S]*\$ $/);
  await done(page);
});

test("a deck's profile gives a cluster with a metrics server; a session that goes on keeps its own until the reset", async () => {
  const page = await open(browser, site);
  await ready(page);
  const show = async (front, title) => {
    const buffer = Buffer.from(`${front}# ${title}\n`);
    await page.locator("#deck-file").setInputFiles({ name: "own.md", mimeType: "text/markdown", buffer });
    await page.locator(".slide h2", { hasText: title }).waitFor();
    await ready(page);
  };
  const count = async (expected) => {
    await focusTerminal(page);
    await type(page, "clear; echo has=$(kubectl get apiservices -o name | grep -c metrics)");
    await waitForScreen(page, new RegExp(`^has=${expected}`, "m"));
    await waitForPrompt(page);
  };
  await show("", "One");
  await count(0);
  await show("profile: metrics\n\n", "Two");
  await count(0);
  await page.locator(".more .menu-button").click();
  await page.getByRole("menuitem", { name: "Reset everything" }).click();
  await page.getByRole("button", { name: "Reset everything" }).click();
  await waitForScreen(page, /^(?![\s\S]*has=)[\s\S]*\$ $/);
  await count(1);
  await type(page, "kubectl top nodes");
  await waitForScreen(page, /^node1 +\d+m +\d+% /m);
  await done(page);
});
