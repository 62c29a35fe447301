// Handles a batch: one shipment for each confirmed order.
//
// Powertools report each failed message by itself, so that its neighbours are not delivered again, and remember handled
// events, so that a duplicate costs one read. The condition of the table holds also after that memory has expired.
import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import { IdempotencyConfig, makeIdempotent } from "@aws-lambda-powertools/idempotency";
import type { BasePersistenceLayer } from "@aws-lambda-powertools/idempotency/persistence";
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { confirmedCustomer, read, type OrderEvent } from "./events.ts";

export interface Shipments {
  prepare(order: string, customer: string): Promise<void>;
}

// A day is longer than any redelivery, save for a redrive.
const MEMORY_SECONDS = 24 * 3600;

export function consumer(shipments: Shipments, persistenceStore: BasePersistenceLayer) {
  // An event is one version of one stream.
  const config = new IdempotencyConfig({
    eventKeyJmesPath: "[aggregateType, aggregateId, version]",
    expiresAfterSeconds: MEMORY_SECONDS,
  });
  const handle = makeIdempotent(
    async (event: OrderEvent) => {
      const customer = confirmedCustomer(event);
      if (customer !== undefined) {
        await shipments.prepare(event.aggregateId, customer);
      }
    },
    { persistenceStore, config },
  );
  const processor = new BatchProcessor(EventType.SQS);
  return async (batch: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    config.registerLambdaContext(context);
    return processPartialResponse(batch, async (record: SQSRecord) => handle(read(record.body)), processor, {
      context,
      throwOnFullBatchFailure: false,
    });
  };
}
