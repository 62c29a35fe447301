// The documentation in target/site, as a reader sees it: on a wide and on a small screen, in light and in dark.
//
// SITE is the folder, PICTURES where pictures of some pages go.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

const { SITE, PICTURES } = process.env;
const SIZES = { 1280: { width: 1280, height: 800 }, 400: { width: 400, height: 800 } };
const SCHEMES = ["light", "dark"];
// A picture of one page of each kind.
const SHOWN = ["index", "viewer", "http", "reference", "events/index", "events/OrderPlaced", "guides/index", "guides/start", "guides/operate"];

let browser;

before(async () => {
  // The sandbox of Chromium needs a user who is not root.
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
});

after(() => browser?.close());

/** The pages that readers read. Rustdoc makes those below api/. */
function pages() {
  const files = readdirSync(SITE, { recursive: true }).filter((name) => name.endsWith(".html"));
  return files.filter((name) => !name.startsWith("api/")).map((name) => name.slice(0, -".html".length)).toSorted();
}

async function opened(page, name) {
  await page.goto(pathToFileURL(`${SITE}/${name}.html`).href);
  // The viewer fills this page.
  if (name === "viewer") await page.locator(".opblock").first().waitFor();
}

test("every page fits its screen, and its text can be read in light and in dark", async () => {
  const troubles = [];
  const page = await browser.newPage();
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
  for (const name of pages()) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        await opened(page, name);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        if (overflow > 0) troubles.push(`${name} is ${overflow} pixels too wide at ${size}`);
        if (SHOWN.includes(name)) {
          await page.screenshot({ path: `${PICTURES}/${name.replace("/", "-")}-${size}-${colorScheme}.png` });
        }
      }
    }
  }
  assert.deepEqual(troubles, []);
});

test("without scripts a reader finds every page from the first", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const [first, ...rest] = ["index", ...pages().filter((name) => name !== "index")];
  const found = new Set([first]);
  for (const name of found) {
    await page.goto(pathToFileURL(`${SITE}/${name}.html`).href);
    // The viewer is made by a script. The page without one says the same.
    const least = name === "viewer" ? 0 : 100;
    assert.ok((await page.locator("main").innerText()).trim().length >= least, `${name} says something`);
    const links = await page.locator("a[href]").evaluateAll((all) => all.map((it) => it.href.split("#")[0]));
    const home = pathToFileURL(`${SITE}/`).href;
    for (const link of links) {
      const page = link.startsWith(home) && link.endsWith(".html") && link.slice(home.length, -".html".length);
      if (page && !page.startsWith("api/")) found.add(page);
    }
  }
  assert.deepEqual(rest.filter((name) => !found.has(name)), []);
});
