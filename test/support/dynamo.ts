import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { startDynamo } from '#local/dynamo.ts';
import type { Clock } from '#src/domain/clock.ts';
import { systemClock } from '#src/lambda/clock.ts';
import { dynamoTable } from '#src/table/dynamo.ts';

const key = (hash: string, range: string) => [
  { AttributeName: hash, KeyType: 'HASH' as const },
  { AttributeName: range, KeyType: 'RANGE' as const },
];

/** The table as lib/data-stack.ts makes it; test/stacks.test.ts holds that one to its shape. */
const createTable = (client: DynamoDBClient, TableName: string) =>
  client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: key('pk', 'sk'),
      AttributeDefinitions: ['pk', 'sk', 'due_pk', 'due_at'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S' as const,
      })),
      GlobalSecondaryIndexes: [
        { IndexName: 'due', KeySchema: key('due_pk', 'due_at'), Projection: { ProjectionType: 'KEYS_ONLY' } },
      ],
    }),
  );

/** One embedded DynamoDB with our table, for one test file; which engine, says PLANASONIX_TEST_DYNAMO. */
export const startTable = async (clock: Clock = systemClock) => {
  const engine = await startDynamo();
  const { endpoint } = engine;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const dynamo = new DynamoDBClient({ endpoint, region: 'eu-west-1', credentials });
  const tableName = 'planasonix';
  await createTable(dynamo, tableName);
  const client = DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } });
  const stop = async () => {
    dynamo.destroy();
    engine.process.kill();
  };
  return { table: dynamoTable(client, tableName, clock), client, tableName, endpoint, stop };
};
