import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { dynamoTable } from '#src/table/dynamo.ts';
import type { Table } from '#src/table/table.ts';
import { clientConfig } from './client-config.ts';
import { systemClock } from './clock.ts';
import { env } from './env.ts';

let table: Table | undefined;

/** The one table; made on first use, so that importing a handler needs neither AWS nor an environment. */
export const awsTable = (): Table => {
  const marshallOptions = { removeUndefinedValues: true };
  table ??= dynamoTable(
    DynamoDBDocumentClient.from(new DynamoDBClient(clientConfig), { marshallOptions }),
    env('TABLE_NAME'),
    systemClock,
  );
  return table;
};
