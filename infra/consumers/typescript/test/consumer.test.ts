// What the consumer does with the messages of the contract, and with bad ones. Needs no AWS.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";
import { IdempotencyItemAlreadyExistsError, IdempotencyItemNotFoundError } from "@aws-lambda-powertools/idempotency";
import { BasePersistenceLayer, type IdempotencyRecord } from "@aws-lambda-powertools/idempotency/persistence";
import type { Context, SQSEvent } from "aws-lambda";
import { consumer } from "../src/consumer.ts";

const SAMPLES = process.env.SAMPLES ?? new URL("../../messages", import.meta.url).pathname;

type Attributes = Record<string, { dataType: string; stringValue: string }>;
type Message = { body: string; attributes: Attributes };

// Powertools' memory of handled events.
class Memory extends BasePersistenceLayer {
  records = new Map<string, IdempotencyRecord>();

  protected async _getRecord(key: string): Promise<IdempotencyRecord> {
    const found = this.records.get(key);
    if (!found) {
      throw new IdempotencyItemNotFoundError("no record");
    }
    return found;
  }

  protected async _putRecord(record: IdempotencyRecord): Promise<void> {
    const found = this.records.get(record.idempotencyKey);
    if (found) {
      throw new IdempotencyItemAlreadyExistsError("a duplicate", found);
    }
    this.records.set(record.idempotencyKey, record);
  }

  protected async _updateRecord(record: IdempotencyRecord): Promise<void> {
    this.records.set(record.idempotencyKey, record);
  }

  protected async _deleteRecord(record: IdempotencyRecord): Promise<void> {
    this.records.delete(record.idempotencyKey);
  }
}

let asked: string[];
let memory: Memory;
let handler: ReturnType<typeof consumer>;

beforeEach(() => {
  asked = [];
  memory = new Memory();
  handler = consumer({ prepare: async (order) => void asked.push(order) }, memory);
});

const orders = () => new Set(asked);

// Delivers one batch, and returns the places of the messages that failed.
async function takes(...messages: Message[]): Promise<number[]> {
  const Records = messages.map(({ body, attributes }, place) => ({
    messageId: String(place),
    receiptHandle: "r",
    body,
    attributes: {},
    messageAttributes: attributes,
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:1:q",
    awsRegion: "us-east-1",
  }));
  const context = { getRemainingTimeInMillis: () => 30_000 } as Context;
  const answer = await handler({ Records } as unknown as SQSEvent, context);
  return answer.batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier));
}

function samples(name: string): Message[] {
  return readFileSync(`${SAMPLES}/${name}`, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
}

function sample(eventType: string): Message {
  const found = samples("topic.jsonl").find(({ body }) => JSON.parse(body).eventType === eventType);
  assert(found);
  return found;
}

// A confirmation, with other values for some fields; undefined removes a field.
function confirmed(changes: object = {}): Message {
  const { body, attributes } = sample("OrderConfirmed");
  return { body: JSON.stringify({ ...JSON.parse(body), ...changes }), attributes };
}

test("every sample twice and shuffled gives one shipment for each confirmed order", async () => {
  const messages = samples("topic-twice-shuffled.jsonl");
  // Messages of a batch are handled side by side, so the second of a pair may meet the first one at work. It fails, and
  // the queue delivers it again.
  const again = await takes(...messages);
  assert.deepEqual(await takes(...again.map((place) => messages[place]!)), []);
  const events = messages.map(({ body }) => JSON.parse(body));
  const wanted = events.filter(({ eventType }) => eventType === "OrderConfirmed").map(({ aggregateId }) => aggregateId);
  assert(wanted.length > 0);
  assert.deepEqual(orders(), new Set(wanted));
  assert.equal(asked.length, orders().size, "the memory of handled events stops duplicates");
});

test("each confirmed order has its own shipment", async () => {
  assert.deepEqual(await takes(confirmed(), confirmed({ aggregateId: "another" })), []);
  assert.equal(orders().size, 2);
});

test("a late duplicate asks for the same shipment after the memory is gone", async () => {
  await takes(confirmed());
  memory.records.clear();
  assert.deepEqual(await takes(confirmed({ occurredAt: "2020-01-01T00:00:00.000Z" })), []);
  assert.equal(orders().size, 1);
});

test("an event of a newer version stays in the queue", async () => {
  assert.deepEqual(await takes(confirmed({ schemaVersion: 2 })), [0]);
  assert.equal(orders().size, 0);
});

for (const [what, poison] of Object.entries({
  "not JSON": { body: "not json", attributes: {} },
  "a list": { body: "[]", attributes: {} },
  "an empty object": { body: "{}", attributes: {} },
  "no customer": confirmed({ payload: {} }),
  "a customer of another type": confirmed({ payload: { customerId: 7 } }),
  "no version": confirmed({ version: undefined }),
  "no payload": confirmed({ payload: null }),
  "a schema version as text": confirmed({ schemaVersion: "1" }),
})) {
  test(`a message fails alone, and its neighbour is handled: ${what}`, async () => {
    assert.deepEqual(await takes(poison, confirmed({ aggregateId: "another" })), [0]);
    assert.deepEqual(orders(), new Set(["another"]));
  });
}

test("an event of another service is skipped", async () => {
  assert.deepEqual(await takes(confirmed({ aggregateType: "Parcel" })), []);
  assert.equal(orders().size, 0);
});

test("a forged attribute changes nothing", async () => {
  assert.deepEqual(await takes({ ...sample("OrderDelivered"), attributes: confirmed().attributes }), []);
  assert.equal(orders().size, 0);
  assert.deepEqual(await takes({ ...confirmed(), attributes: sample("OrderDelivered").attributes }), []);
  assert.equal(orders().size, 1);
});
