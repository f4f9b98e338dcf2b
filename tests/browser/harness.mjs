// What the journeys share: the page on a sub-path, a browser, and what a learner does.

import { createServer } from "node:http";
import { readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium } = require("playwright-core");
export const axeSource = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");

const dist = process.env.DIST ?? fileURLToPath(new URL("../../dist/", import.meta.url));
const base = "/some/class/";

const types = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".md": "text/markdown",
  ".mjs": "text/javascript",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** Serves dist/ below a path, as a site does that has other things beside it. */
export async function serve() {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://x").pathname;
    try {
      if (!path.startsWith(base)) throw new Error("outside");
      let file = join(dist, normalize(decodeURIComponent(path.slice(base.length))));
      if ((await stat(file)).isDirectory()) file = join(file, "index.html");
      const body = await readFile(file);
      response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream", "cache-control": "no-cache" });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const close = () => new Promise((resolve) => {
    server.closeAllConnections();
    server.close(resolve);
  });
  return { origin, url: origin + base, close };
}

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

export const desktop = { width: 1280, height: 800 };
export const phone = { width: 390, height: 844 };

/** Opens the page in a fresh profile. Complaints of the page are collected in `page.complaints`. */
export async function open(browser, site, { viewport = desktop, path = "", scheme = "light", context } = {}) {
  const own = context ?? (await browser.newContext({ viewport, colorScheme: scheme, reducedMotion: "reduce", permissions: ["clipboard-read", "clipboard-write"] }));
  const page = await own.newPage();
  page.complaints = [];
  page.foreign = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !page.mayFail) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(site.origin) && !url.startsWith("data:") && !url.startsWith("blob:")) page.foreign.push(url);
  });
  await page.goto(site.url + path);
  return page;
}

/** Waits until the first terminal shows a prompt. */
export async function ready(page, timeout = 20_000) {
  await page.locator(".slide h2").first().waitFor({ timeout });
  await page.locator(".xterm-rows").first().waitFor({ timeout });
  await waitForScreen(page, /\$ $/m, { timeout });
}

/** The text on a terminal's screen; the one in front when no number is given. */
export async function screen(page, terminal) {
  const frame = terminal ? `.frame[data-terminal="${terminal}"]` : ".pane.is-active .frame";
  return page.evaluate((frame) => {
    const rows = [...document.querySelectorAll(`${frame} .xterm-rows > div`)];
    return rows.map((row) => row.textContent.replace(/\u00a0/g, " ")).join("\n").replace(/\s+$/, " ");
  }, frame);
}

export async function waitForScreen(page, wanted, { timeout = 15_000, terminal } = {}) {
  // A narrow screen breaks lines anywhere; then the text without breaks is what was meant.
  const found = (text) => (wanted instanceof RegExp ? wanted.test(text) : text.includes(wanted));
  const matches = (text) => found(text) || found(text.replaceAll("\n", ""));
  const end = Date.now() + timeout;
  let text = "";
  while (Date.now() < end) {
    text = await screen(page, terminal);
    if (matches(text)) return text;
    await sleep(20);
  }
  throw new Error(`the screen does not show ${wanted}:\n${text}`);
}

/** Whether the shell of the terminal in front waits for a command. */
export async function waitForPrompt(page, { timeout = 30_000 } = {}) {
  // What was typed just now has to get there first.
  await sleep(150);
  await page.locator(".tab.is-active .lamp:not(.is-busy)").waitFor({ timeout });
}

export async function focusTerminal(page) {
  await page.locator(".pane.is-active .xterm-screen").click();
}

/** Types a line with the keyboard. */
export async function type(page, line) {
  await page.keyboard.type(line);
  await page.keyboard.press("Enter");
}

export async function axe(page) {
  const run = async () => {
    const result = await globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    return result.violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => `${n.target.join(" ")} ${n.failureSummary}`).slice(0, 4).join("\n  ")}`);
  };
  // Through the debugger: the page's own policy lets nobody add a script.
  await page.evaluate(axeSource);
  return page.evaluate(run);
}
