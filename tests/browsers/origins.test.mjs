// Browser code of another origin calls the API, in a real browser.
//
// DEKIGOTO_URL is the API. It allows the origin http://127.0.0.1:PAGES_PORT, and no other.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

const API = process.env.DEKIGOTO_URL;
const PORT = Number(process.env.PAGES_PORT);
const ALLOWED = `http://127.0.0.1:${PORT}`;
// The same server under another name is another origin.
const REFUSED = `http://localhost:${PORT}`;
const BASKET = { customerId: "c-42", currency: "JPY", items: [{ productId: "p-1", quantity: 2, unitAmount: 1500 }] };

let browser, pages;

before(async () => {
  pages = createServer((_, answer) => answer.setHeader("content-type", "text/html").end("<title>A shop</title>"));
  await new Promise((ready) => pages.listen(PORT, ready));
  // The sandbox of Chromium needs a user who is not root.
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  pages?.close();
});

/** Fetches from a page of that origin. Returns the status, the readable headers and the body, or the error's name. */
async function fetchFrom(origin, path, options) {
  const page = await browser.newPage();
  try {
    await page.goto(origin);
    return await page.evaluate(
      async ([url, options]) => {
        try {
          const answer = await fetch(url, options);
          return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.json() };
        } catch (error) {
          return { error: error.name };
        }
      },
      [API + path, options],
    );
  } finally {
    await page.close();
  }
}

function command(body, headers = {}) {
  return { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } };
}

test("an allowed origin sends commands and reads the headers of the answers", async () => {
  const key = `browser-${Date.now()}`;
  const placed = await fetchFrom(ALLOWED, "/v1/orders", command(BASKET, { "Idempotency-Key": key }));
  assert.equal(placed.status, 201);
  assert.equal(placed.headers.location, `/v1/orders/${placed.body.orderId}`);
  assert.equal(placed.headers["idempotency-key"], key);
  assert.ok(placed.headers.etag.includes("1"));
  const again = await fetchFrom(ALLOWED, "/v1/orders", command(BASKET, { "Idempotency-Key": key }));
  assert.equal(again.headers["idempotent-replayed"], "true");

  const order = await fetchFrom(ALLOWED, placed.headers.location);
  assert.equal(order.status, 200);
  assert.equal(order.body.status, "pending");
  assert.match(order.headers["served-from"], /^(view|store)$/);
});

test("an allowed origin reads errors", async () => {
  const answer = await fetchFrom(ALLOWED, "/v1/orders", command({}));
  assert.deepEqual([answer.status, answer.body.code], [400, "malformed-request"]);
});

test("an allowed origin may send a precondition", async () => {
  const placed = await fetchFrom(ALLOWED, "/v1/orders", command(BASKET));
  const stale = command({}, { "If-Match": '"7"' });
  const answer = await fetchFrom(ALLOWED, `/v1/orders/${placed.body.orderId}/confirm`, stale);
  assert.deepEqual([answer.status, answer.body.code], [412, "precondition-failed"]);
});

test("another origin reads nothing and sends no command", async () => {
  const body = { ...BASKET, customerId: `refused-${Date.now()}` };
  assert.deepEqual(await fetchFrom(REFUSED, "/v1/orders", command(body)), { error: "TypeError" });
  assert.deepEqual(await fetchFrom(REFUSED, "/v1/health"), { error: "TypeError" });
  const orders = await fetchFrom(ALLOWED, `/v1/orders?customerId=${body.customerId}`);
  assert.deepEqual(orders.body.items, [], "the browser asked first, and did not send the command");
});
