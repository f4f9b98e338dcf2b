// Every lab of the deck, typed by hand, at the width of a desk and of a phone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { desktop, focusTerminal, launch, open, phone, ready, screen, serve, type, waitForPrompt, waitForScreen } from "./harness.mjs";

let site, browser;
before(async () => {
  site = await serve();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await site?.close();
});

/** What a lab of the deck is recognised by, what to do with its commands, and what must come of it. */
const labs = [
  async (page, [create]) => {
    await type(page, create);
    await waitForScreen(page, "deployment.apps/blue created");
  },
  async (page, [get, curl]) => {
    await page.locator(".chip:not(.is-empty)").waitFor({ timeout: 60_000 });
    await type(page, get);
    await waitForScreen(page, /blue-\S+\s+1\/1\s+Running/);
    await waitForPrompt(page);
    await type(page, (await commands(page))[1] ?? curl);
    await waitForScreen(page, /This is pod default\/blue-/);
  },
  async (page, [watch]) => {
    await type(page, watch);
    // The head of a narrow screen has room for the end of it only.
    await waitForScreen(page, /node1: Mon Jan/);
    await page.keyboard.press("Control+c");
    await waitForPrompt(page);
    const remove = (await commands(page))[1];
    await type(page, remove);
    await waitForScreen(page, /pod "blue-[^"]+" deleted/, { timeout: 60_000 });
  },
  async (page, [expose, get]) => {
    await type(page, expose);
    await waitForScreen(page, "service/blue exposed");
    await waitForPrompt(page);
    await type(page, get);
    await waitForScreen(page, /blue\s+ClusterIP\s+10\.\d+\.\d+\.\d+\s+<none>\s+80\/TCP/);
  },
  async (page, [set, loop]) => {
    await type(page, set);
    await waitForPrompt(page);
    // What the deck's own hidden directive does: a learner is not that fast.
    await type(page, "kubectl wait deploy blue --for condition=available");
    await waitForScreen(page, "condition met", { timeout: 60_000 });
    await waitForPrompt(page);
    await page.waitForTimeout(2000);
    await type(page, "clear");
    await waitForPrompt(page);
    await type(page, loop);
    await waitForScreen(page, /(This is pod default\/blue-[\s\S]*){2}/, { timeout: 60_000 });
    await waitForPrompt(page);
  },
  async (page, [loop]) => {
    await type(page, loop);
    await waitForScreen(page, /This is pod default\/blue-/);
    const [, remove] = await commands(page);
    await page.getByRole("button", { name: "New terminal" }).click();
    await page.locator(".tab").nth(1).waitFor();
    await waitForScreen(page, /\$ $/);
    await focusTerminal(page);
    await type(page, remove);
    await waitForScreen(page, /pod "blue-[^"]+" deleted/, { timeout: 60_000 });
    await page.locator(".tab button").first().click();
    await focusTerminal(page);
    const name = /blue-\S+/.exec(remove)[0];
    // Requests flow again, from another pod.
    await waitForScreen(page, new RegExp(`This is pod default/(?!${name})blue-\\S+[^\\n]*\\s*$`), { timeout: 60_000 });
    await page.keyboard.press("Control+c");
    await waitForPrompt(page);
  },
  async (page, [scale, loop]) => {
    await type(page, "clear");
    await waitForPrompt(page);
    await type(page, scale);
    await waitForScreen(page, "deployment.apps/blue scaled");
    await page.locator(".pod.good, .slide").first().waitFor();
    await page.waitForTimeout(6000);
    await type(page, "clear");
    await waitForPrompt(page);
    await type(page, loop);
    await waitForScreen(page, /This is pod default\/blue-/);
    await waitForPrompt(page);
    // The screen has room for the last few answers only: count them all once more.
    await type(page, "clear");
    await waitForPrompt(page);
    await type(page, "for i in $(seq 20); do curl -s http://$CLUSTER_IP; done | grep -o 'blue-[a-z0-9-]*' | sort | uniq -c");
    await waitForScreen(page, /(^\s*\d+ blue-[a-z0-9-]+\s*$\s*){3}/m);
  },
  async (page, [run, curl]) => {
    await type(page, "clear");
    await waitForPrompt(page);
    await type(page, run);
    await waitForScreen(page, /\[root@test-dns-integration \/\]# $|# $/, { timeout: 90_000 });
    await type(page, curl);
    await waitForScreen(page, /This is pod default\/blue-/);
    await page.keyboard.press("Control+d");
    await waitForScreen(page, /pod "test-dns-integration" deleted/, { timeout: 60_000 });
    await waitForPrompt(page);
  },
];

/** The commands of the lab on show, blanks filled in. */
function commands(page) {
  return page.locator(".lab .command pre code").evaluateAll((all) => all.map((code) => code.innerText.replace(/ ▾/g, "").trim()));
}

for (const [name, viewport] of [["desktop", desktop], ["phone", phone]]) {
  test(`all labs, typed: ${name}`, { timeout: 240_000 }, async () => {
    const page = await open(browser, site, { viewport });
    await ready(page);
    await page.keyboard.press("Home");
    let lab = 0;
    for (let slide = 1; lab < labs.length && slide < 40; slide++) {
      await page.evaluate((slide) => (location.hash = `#${slide}`), slide);
      await page.locator(".position", { hasText: new RegExp(`^${slide} /`) }).waitFor();
      if ((await page.locator(".lab").count()) === 0) continue;
      await focusTerminal(page);
      await labs[lab](page, await commands(page));
      await waitForPrompt(page);
      lab++;
    }
    assert.equal(lab, 8);
    assert.ok((await page.locator(".command.is-done").count()) > 0, "the last lab has turned green");
    assert.deepEqual(page.complaints, []);
    assert.deepEqual(page.foreign, []);
    await page.context().close();
  });
}
