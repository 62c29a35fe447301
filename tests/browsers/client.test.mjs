// A typed client is generated from the document that the API serves, compiles, and places an order.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

const API = process.env.DEKIGOTO_URL;

function npx(...command) {
  return execFileSync("npx", ["--no-install", ...command], { encoding: "utf8" });
}

test("a client with the types of the document compiles and places an order", () => {
  npx("openapi-typescript", `${API}/v1/openapi.json`, "--output", "api.d.ts");
  npx("tsc", "--strict", "--target", "es2022", "--module", "nodenext", "--types", "node", "--outDir", "built", "client.ts");
  const said = JSON.parse(execFileSync("node", ["built/client.js"], { encoding: "utf8" }));
  assert.deepEqual([said.status, said.total], ["pending", 3000]);
});
