// A client with the types of the served document places an order. `client.test.mjs` generates `api.d.ts` and compiles
// this.

import createClient from "openapi-fetch";

import type { paths } from "./api.js";

const client = createClient<paths>({ baseUrl: process.env["DEKIGOTO_URL"] ?? "" });

const placed = await client.POST("/v1/orders", {
  body: { customerId: "c-42", currency: "JPY", items: [{ productId: "p-1", quantity: 2, unitAmount: 1500 }] },
});
if (placed.error) {
  throw new Error(JSON.stringify(placed.error));
}
const orderId: string = placed.data.orderId;

const order = await client.GET("/v1/orders/{orderId}", { params: { path: { orderId }, query: { minVersion: 1 } } });
const total: number | undefined = order.data?.totalAmount;
console.log(JSON.stringify({ orderId, status: order.data?.status, total }));

// The types refuse what the document does not have.
// @ts-expect-error: there is no such field.
void order.data?.totalPrice;
// @ts-expect-error: there is no such path.
void (() => client.POST("/v1/order", { body: {} }));
// @ts-expect-error: items are required.
void (() => client.POST("/v1/orders", { body: { customerId: "c-42", currency: "JPY" } }));
