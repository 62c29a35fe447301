// Reads an AsyncAPI document with AsyncAPI's own parser, prints its errors and warnings, and counts what it found.
"use strict";
const { readFileSync } = require("node:fs");
const { Parser } = require("@asyncapi/parser");

// The parser's severities. Above them are hints.
const SEVERITIES = ["error", "warning"];

async function main(path) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(path, "utf8"));
  const faults = diagnostics.filter(({ severity }) => severity < SEVERITIES.length);
  for (const { severity, code, path, message } of faults) {
    console.error(`${SEVERITIES[severity]} ${code} at ${path.join(".")}: ${message}`);
  }
  if (!document || faults.length > 0) {
    process.exit(1);
  }
  const [channels, messages] = [document.channels().all().length, document.allMessages().all().length];
  console.log(`@asyncapi/parser: ${channels} channels, ${messages} messages, no error and no warning`);
}

main(process.argv[2]);
