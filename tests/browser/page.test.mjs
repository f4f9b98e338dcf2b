// The page around the labs: slides, keys, who has the keyboard, and what it looks like to those who do not see it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, desktop, focusTerminal, launch, open, phone, ready, screen, serve, type, waitForScreen } from "./harness.mjs";

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

const hash = (page) => page.evaluate(() => location.hash);
const owner = (page) => page.locator(".owner").textContent();

test("keys turn slides as remark's do", async () => {
  const page = await open(browser, site);
  await page.locator(".slide h2").first().waitFor();
  await page.locator(".stage").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await hash(page), "#2");
  await page.keyboard.press("j");
  await page.keyboard.press("PageDown");
  await page.keyboard.press("k");
  assert.equal(await hash(page), "#3");
  await page.keyboard.type("12");
  await page.keyboard.press("Enter");
  assert.equal(await hash(page), "#12");
  await page.keyboard.press("Home");
  assert.equal(await hash(page), "#1");
  await page.keyboard.press("End");
  assert.notEqual(await hash(page), "#1");
  await page.keyboard.press("?");
  await page.locator("dialog[open]").waitFor();
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press("Escape");
  await page.locator("dialog[open]").waitFor({ state: "detached" });
  await page.keyboard.press("p");
  await page.locator(".notes").waitFor();
  await page.keyboard.press("b");
  await page.locator(".is-black").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("m");
  await page.locator(".is-mirrored").waitFor();
  await done(page);
});

test("links go to a slide by number and by name", async () => {
  const page = await open(browser, site, { path: "#12" });
  await page.locator(".position", { hasText: "12 /" }).waitFor();
  await page.evaluate(() => (location.hash = "#dns"));
  await page.locator(".slide h2").first().waitFor();
  assert.notEqual(await hash(page), "#12");
  await done(page);
});

test("a terminal with the focus has the keyboard, and gives it back", async () => {
  const page = await open(browser, site);
  await ready(page);
  const slide = await hash(page);
  await focusTerminal(page);
  assert.match(await owner(page), /terminal/);
  await page.keyboard.type("jjj");
  await waitForScreen(page, "jjj");
  assert.equal(await hash(page), slide);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.locator(".in-slides").waitFor();
  await page.keyboard.press("j");
  assert.notEqual(await hash(page), slide);
  await page.keyboard.press("`");
  await page.locator(".in-terminal").waitFor();
  await page.keyboard.press("Control+Shift+ArrowUp");
  await page.locator(".in-slides").waitFor();
  await done(page);
});

test("how real it is can be asked, and the figures add up", async () => {
  const page = await open(browser, site, { viewport: phone });
  await page.locator(".more .menu-button").click();
  await page.getByRole("menuitem", { name: "How real is this?" }).click();
  await page.locator("dialog[open]").waitFor();
  assert.deepEqual(await axe(page), []);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  const [equal, compared] = (await page.locator(".fidelity strong").textContent()).match(/[0-9]+/g).map(Number);
  assert.ok(equal <= compared && compared > 0);
  const verbs = await page.locator(".figures table").first().locator("tbody tr").allTextContents();
  assert.ok(verbs.length > 10);
  const text = await page.evaluate(async () => (await fetch(document.querySelector(".fidelity a").href)).text());
  assert.ok(text.includes(`${compared}`), "the page and the document say the same");
  await page.keyboard.press("Escape");
  await page.locator("dialog[open]").waitFor({ state: "detached" });
  await done(page);
});

for (const [name, viewport] of [["desktop", desktop], ["phone", phone]]) {
  for (const scheme of ["light", "dark"]) {
    test(`axe finds nothing: ${name}, ${scheme}`, async () => {
      const page = await open(browser, site, { viewport, scheme, path: "#6" });
      await ready(page);
      assert.deepEqual(await axe(page), []);
      await page.locator(".more .menu-button").click();
      assert.deepEqual(await axe(page), []);
      await page.getByRole("menuitem", { name: "Reset everything" }).click();
      assert.deepEqual(await axe(page), []);
      await page.keyboard.press("Escape");
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
      await done(page);
    });
  }
}

test("the splitter moves with the keyboard and is remembered", async () => {
  const page = await open(browser, site);
  await ready(page);
  const splitter = page.getByRole("separator");
  await splitter.focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  assert.equal(await splitter.getAttribute("aria-valuenow"), "42");
  await page.reload();
  await ready(page);
  assert.equal(await splitter.getAttribute("aria-valuenow"), "42");
  await done(page);
});

test("time stands still when it is told to", async () => {
  const page = await open(browser, site);
  await ready(page);
  const clock = page.locator(".clock time");
  await page.getByRole("button", { name: "Pause time" }).click();
  await page.waitForTimeout(300);
  const before = await clock.textContent();
  await page.waitForTimeout(1500);
  assert.equal(await clock.textContent(), before);
  await page.getByRole("button", { name: /Speed of time/ }).click();
  await page.getByRole("menuitemradio", { name: "100×" }).click();
  await page.waitForTimeout(1500);
  assert.notEqual((await clock.textContent()).slice(0, 5), before.slice(0, 5));
  await done(page);
});

test("a deck of one's own opens, and a window that follows turns with it", async () => {
  const page = await open(browser, site);
  await ready(page);
  const deck = "# Mine\n\n<img src=x onerror=alert(1)> text\n\n---\n\n## Two\n\n```bash\necho mine\n```\n";
  await page.locator("#deck-file").setInputFiles({ name: "mine.md", mimeType: "text/markdown", buffer: Buffer.from(deck) });
  await page.locator(".slide h2", { hasText: "Mine" }).waitFor();
  assert.equal(await page.locator(".slide img").count(), 0, "text of a deck became markup");
  await ready(page);
  await page.locator(".stage").focus();
  const [other] = await Promise.all([page.context().waitForEvent("page"), page.keyboard.press("c")]);
  await other.locator(".slide h2", { hasText: "Mine" }).waitFor();
  await page.locator(".stage").focus();
  await page.keyboard.press("j");
  await other.locator(".slide h2", { hasText: "Two" }).waitFor();
  await page.locator(".command .run").click();
  await waitForScreen(page, /^mine/m);
  await done(page);
});

test("without a network the class goes on", async () => {
  const page = await open(browser, site);
  await ready(page);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => new Promise((r) => setTimeout(r, 500))));
  await page.context().setOffline(true);
  await page.reload();
  await ready(page);
  await focusTerminal(page);
  await type(page, "echo still here");
  await waitForScreen(page, /^still here/m);
  page.complaints.length = 0;
  await done(page);
});

test("without workers the class runs on the page's own thread", async () => {
  const context = await browser.newContext({ viewport: desktop, reducedMotion: "reduce" });
  await context.addInitScript(() => {
    globalThis.Worker = class {
      constructor() {
        throw new Error("no workers here");
      }
    };
  });
  const page = await open(browser, site, { context });
  await ready(page);
  await focusTerminal(page);
  await type(page, "echo on one thread");
  await waitForScreen(page, /^on one thread/m);
  assert.match(await screen(page), /on one thread/);
  await done(page);
});
