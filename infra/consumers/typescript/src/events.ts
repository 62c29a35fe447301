// Reads the messages of the order service's topic. The contract is infra/asyncapi.json.

// The newest version of OrderConfirmed that this code understands.
export const CONFIRMED_VERSION_MAX = 1;

// A type and not an interface, because Powertools want a value of JSON.
export type OrderEvent = {
  eventId: string;
  eventType: string;
  aggregateId: string;
  aggregateType: string;
  version: number;
  schemaVersion: number;
  payload: { [name: string]: never };
};

const FIELDS = {
  eventId: "string",
  eventType: "string",
  aggregateId: "string",
  aggregateType: "string",
  version: "number",
  schemaVersion: "number",
  payload: "object",
} as const;

// The message can never be handled. The text says what is missing, and never a value.
export class NotAnEvent extends Error {}

// A later deployment of this code will understand the event, so the message stays in the queue.
export class NewerEvent extends Error {}

export function read(body: string): OrderEvent {
  let event: unknown;
  try {
    event = JSON.parse(body);
  } catch {
    throw new NotAnEvent("the body is not JSON");
  }
  if (typeof event !== "object" || event === null) {
    throw new NotAnEvent("the body is not a JSON object");
  }
  const values = event as Record<string, unknown>;
  for (const [name, kind] of Object.entries(FIELDS)) {
    if (typeof values[name] !== kind || values[name] === null) {
      throw new NotAnEvent(`the field ${name} is missing or of another type`);
    }
  }
  return event as OrderEvent;
}

// The customer of a confirmed order; undefined for every other event. Decided by the body: attributes of a message are for
// filters only, and anybody who may send can forge them.
export function confirmedCustomer(event: OrderEvent): string | undefined {
  if (event.aggregateType !== "Order" || event.eventType !== "OrderConfirmed") {
    return undefined;
  }
  if (event.schemaVersion > CONFIRMED_VERSION_MAX) {
    throw new NewerEvent(`OrderConfirmed has version ${event.schemaVersion}; this code knows ${CONFIRMED_VERSION_MAX}`);
  }
  const customer: unknown = event.payload.customerId;
  if (typeof customer !== "string") {
    throw new NotAnEvent("the field payload.customerId is missing or of another type");
  }
  return customer;
}
