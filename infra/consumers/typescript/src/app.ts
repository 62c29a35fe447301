// The function behind the queue. Clients are made once, at its start.
import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { ConditionalCheckFailedException, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import { consumer } from "./consumer.ts";

function setting(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`the environment variable ${name} is missing; set it in template.yaml`);
  }
  return value;
}

const table = setting("SHIPMENTS_TABLE");
const dynamo = new DynamoDBClient({});
const documents = DynamoDBDocumentClient.from(dynamo);

// One row for each order, however often it is asked for.
async function prepare(order: string, customer: string): Promise<void> {
  try {
    await documents.send(
      new PutCommand({
        TableName: table,
        Item: { pk: order, customerId: customer },
        ConditionExpression: "attribute_not_exists(pk)",
      }),
    );
  } catch (cause) {
    if (!(cause instanceof ConditionalCheckFailedException)) {
      throw cause;
    }
  }
}

const memory = new DynamoDBPersistenceLayer({ tableName: setting("HANDLED_TABLE"), awsSdkV3Client: dynamo });

export const handler = consumer({ prepare }, memory);
