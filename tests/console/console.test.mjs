// An operator uses the console, in a real browser, with the keyboard where it matters.
//
// DEKIGOTO_URL is a one-process system. It has the order ORDER, and two dead letters.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { chromium } from "playwright-core";

const { DEKIGOTO_URL: URL, ORDER, PICTURES } = process.env;
const NARROW = { width: 400, height: 800 };
const WIDE = { width: 1280, height: 800 };

let browser, page;
const troubles = [];

before(async () => {
  // The sandbox of Chromium needs a user who is not root.
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
  page = await browser.newPage({ viewport: WIDE });
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
});

after(async () => {
  await browser?.close();
  assert.deepEqual(troubles, [], "the browser reports errors");
});

beforeEach(async () => {
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(`${URL}/console`);
});

const tab = (name) => page.getByRole("tab", { name });
const command = () => page.locator("#command").textContent();

/** Takes a picture in each size and in each colour scheme, and checks that nothing is wider than the window. */
async function pictures(name) {
  for (const [size, viewport] of Object.entries({ 1280: WIDE, 400: NARROW })) {
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${name} is ${overflow} pixels too wide at ${size}`);
      await page.screenshot({ path: `${PICTURES}/${name}-${size}-${colorScheme}.png` });
    }
  }
  await page.setViewportSize(WIDE);
}

test("the pipeline shows every hop, its dead letters, and the command that does the same", async () => {
  await page.getByText("Something needs attention.").waitFor();
  const hops = await page.locator(".hop h3").allTextContents();
  assert.deepEqual(hops.toSorted(), [
    "customer-summary", "daily-sales", "fulfilment", "fulfilment-policy", "order-summary", "price-list", "publisher",
  ]);
  assert.equal(await page.locator(".hop.bad").count(), 2);
  assert.equal(await command(), "dekigoto status");
  await pictures("pipeline");
});

test("the keyboard alone reaches every part", async () => {
  await tab("Pipeline").focus();
  const titles = await page.getByRole("tab").allTextContents();
  for (const title of [...titles.slice(1), titles[0]]) {
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), title);
    assert.equal(await tab(title).getAttribute("aria-selected"), "true");
    await page.getByRole("tabpanel", { name: title }).waitFor();
  }
});

test("an operator finds an order's event, follows the order, and slides through its history", async () => {
  await tab("Events").press("Enter");
  const events = page.locator("tbody tr:visible");
  await events.first().waitFor();
  await page.getByLabel("Only events with this text").fill("OrderPlaced");
  assert.equal(await events.count(), 1);
  await pictures("events");
  // While somebody watches, a new order appears at the top.
  const placed = await page.request.post(`${URL}/v1/orders`, {
    data: { customerId: "c-43", currency: "JPY", items: [{ productId: "p-2", quantity: 1, unitAmount: 900 }] },
  });
  const { orderId } = await placed.json();
  await events.filter({ hasText: orderId }).waitFor();

  await events.filter({ hasText: ORDER }).getByRole("button").click();
  await page.getByRole("heading", { name: `Order#${ORDER}` }).waitFor();
  await page.getByText("customer-summary, daily-sales, order-summary").waitFor();
  await page.getByRole("group").filter({ hasText: /order-summary.*watermarks {"Order":1}/ }).waitFor();
  const confirm = await page.request.post(`${URL}/v1/orders/${ORDER}/payments`, {
    data: { reference: "ch_1", amount: 3000, currency: "JPY", outcome: "captured" },
  });
  assert.equal(confirm.status(), 201);
  const slider = page.getByLabel(`Version of Order#${ORDER}`);
  // The paid order confirms itself within moments.
  for (let tries = 0; tries < 50 && (await slider.getAttribute("max")) !== "2"; tries += 1) {
    await page.getByRole("button", { name: "Follow" }).click();
    await page.waitForTimeout(200);
    await slider.waitFor();
  }
  const shown = page.locator("section", { has: slider }).last();
  await shown.getByText("version 2 of 2").waitFor();
  assert.match(await shown.locator(".changed").allTextContents().then((it) => it.join()), /status/);
  await pictures("stream");
  await slider.focus();
  await page.keyboard.press("ArrowLeft");
  await shown.getByText("version 1 of 2").waitFor();
  await shown.getByText("OrderPlaced").waitFor();
  assert.equal(await shown.getByText("c-42").count(), 0, "payloads are masked");
  await page.getByLabel("payloads").check();
  await shown.getByText("c-42").first().waitFor();
});

test("an operator finds a dead letter by its reason, and sends it back with a reason of her own", async () => {
  await tab("Dead letters").click();
  await page.getByText("schema version 9 is newer than this code").first().waitFor();
  await pictures("letters");
  await page.getByLabel("Only with this reason").fill("newer");
  await page.keyboard.press("Enter");
  await page.getByText("no JSON").first().waitFor({ state: "detached" });
  assert.equal(await command(), "dekigoto dlq list --reason newer");

  await page.getByRole("button", { name: "Redrive" }).press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByText("nothing was changed").waitFor();
  const agree = dialog.getByRole("button", { name: "Do it" });
  assert.ok(await agree.isDisabled(), "no change without a reason");
  await dialog.getByLabel("Why, for the journal").fill("1.4.2 is deployed");
  await agree.press("Enter");
  await dialog.getByText("sent 1 letter back").waitFor();
  assert.match(await dialog.locator("#action-command").textContent(), /dlq redrive .*--yes --why "1.4.2 is deployed"/);
  await pictures("redrive");
  await page.keyboard.press("Escape");
  await page.getByText("No dead letters.").waitFor();

  await tab("Journal").click();
  await page.getByRole("cell", { name: "1.4.2 is deployed" }).waitFor();
});

test("an operator sees who waits for a deadline", async () => {
  await tab("Deadlines").click();
  await page.locator("tbody tr").first().waitFor();
  await pictures("deadlines");
});

test("a view is rebuilt beside the live one, verified, and switched to", async () => {
  await tab("Views").click();
  const view = page.locator(".view", { hasText: "customer-summary" });
  const dialog = page.getByRole("dialog");
  const agreed = async (title, done) => {
    await view.getByRole("button", { name: title }).click();
    await dialog.getByText("nothing was changed").waitFor();
    await dialog.getByLabel("Why, for the journal").fill("a new field");
    await dialog.getByRole("button", { name: "Do it" }).click();
    await dialog.getByText(done).waitFor();
  };
  await agreed("Rebuild", /generation 2 of customer-summary is built: \d+ commits/);
  await pictures("rebuild");
  await page.keyboard.press("Escape");
  await view.getByText("2 is beside it").waitFor();
  await agreed("Switch", "generation 2 of customer-summary is live");
  await page.keyboard.press("Escape");
  await view.getByText("generation 2 is live; 1 is beside it").waitFor();
  await view.getByRole("button", { name: "Roll back" }).waitFor();
});

test("a view is verified against the events", async () => {
  await tab("Views").click();
  await page.getByRole("button", { name: "Verify order-summary" }).click();
  await page.getByText(/no difference|differ|agree|equal/i).first().waitFor();
  await pictures("views");
});
