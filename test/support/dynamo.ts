import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Clock } from '#src/domain/clock.ts';
import { systemClock } from '#src/lambda/clock.ts';
import { dynamoTable } from '#src/table/dynamo.ts';

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

const key = (hash: string, range: string) => [
  { AttributeName: hash, KeyType: 'HASH' as const },
  { AttributeName: range, KeyType: 'RANGE' as const },
];
const index = (IndexName: string, hash: string, range: string) => ({
  IndexName,
  KeySchema: key(hash, range),
  Projection: { ProjectionType: 'KEYS_ONLY' as const },
});

const createTable = (client: DynamoDBClient, TableName: string) =>
  client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: key('pk', 'sk'),
      AttributeDefinitions: ['pk', 'sk', 'due_pk', 'due_at', 'status_pk', 'status_sk'].map(
        (AttributeName) => ({
          AttributeName,
          AttributeType: 'S' as const,
        }),
      ),
      GlobalSecondaryIndexes: [index('due', 'due_pk', 'due_at'), index('status', 'status_pk', 'status_sk')],
    }),
  );

/** One embedded DynamoDB with our table, for one test file. */
export const startTable = async (clock: Clock = systemClock) => {
  const port = await freePort();
  const binary = createRequire(import.meta.url).resolve('@dynoxide/linux-x64/dynoxide');
  const server = spawn(binary, ['serve', '--port', String(port)], { stdio: 'ignore' });
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const dynamo = new DynamoDBClient({ endpoint, region: 'eu-west-1', credentials });
  for (let tries = 0; tries < 500; tries++) {
    const isUp = await fetch(endpoint).then(Boolean, () => false);
    if (isUp) break;
    await delay(10);
  }
  const tableName = 'planasonix';
  await createTable(dynamo, tableName);
  const client = DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } });
  const stop = async () => {
    dynamo.destroy();
    server.kill();
  };
  return { table: dynamoTable(client, tableName, clock), client, tableName, endpoint, stop };
};
