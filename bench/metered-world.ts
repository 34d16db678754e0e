import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import type { AllServices, Endpoint } from '#src/api/endpoint.ts';
import type { Route } from '#src/api/route.ts';
import type { DataPlane } from '#src/connectors/connector.ts';
import type { FanOutServices } from '#src/domain/events/fan-out.ts';
import type { DeliverServices } from '#src/domain/webhooks/delivery.ts';
import type { DeliveryMessage } from '#src/domain/webhooks/stored-delivery.ts';
import { handlerOf } from '#src/lambda/http.ts';
import { anOrganization } from '#test/support/builders.ts';
import { startTable } from '#test/support/dynamo.ts';
import { createConnection } from '../functions/api/connections/create-connection.ts';
import type { WorkerServices } from '../functions/job/worker.ts';
import { unitMeter } from './unit-meter.ts';

/** One table of one range, copied in no time: what the control plane costs, whatever flows. */
const instantly: Pick<DataPlane, 'copyTable'> = {
  copyTable: async () => ({
    done: true,
    rows_extracted: 200_000,
    rows_loaded: 200_000,
    bytes_read: 31_000_000,
    ranges: [{ from: null, to: null, rows: 200_000, checksum: 'c'.repeat(64) }],
    checksum: `sha256:${'c'.repeat(64)}`,
    position: '2026-11-23 14:00:00.123456+00',
    warnings: [],
  }),
};

const nothing = async () => undefined;

const servicesOn = (table: AllServices['table'], sent: DeliveryMessage[]) => ({
  table,
  clock: { now: Date.now, sleep: nothing, every: () => () => undefined },
  vault: {
    seal: async (secret: string) => Buffer.from(secret.padEnd(240, '.')).toString('base64'),
    open: async (sealed: string) => Buffer.from(sealed, 'base64').toString().replace(/\.+$/, ''),
  },
  runner: { start: nothing, describe: async () => 'RUNNING' as const },
  events: { wake: nothing },
  inspector: { check: async () => [], discover: async () => [] },
  dataPlane: instantly as DataPlane,
  deliveries: {
    send: async (messages: readonly DeliveryMessage[]) => {
      sent.push(...messages);
    },
  },
  post: async () => ({ outcome: 'answered' as const, status: 200, latencyMs: 40 }),
  random: () => 0.5,
  bus: { publish: nothing },
  report: () => undefined,
});

const eventOf = (route: Route, organizationId: string, request: Request) =>
  ({
    httpMethod: route.method,
    path: route.path,
    pathParameters: request.params ?? null,
    multiValueQueryStringParameters: null,
    multiValueHeaders: Object.fromEntries(
      Object.entries(request.headers ?? {}).map(([name, value]) => [name, [value]]),
    ),
    body: request.body === undefined ? null : JSON.stringify(request.body),
    requestContext: {
      requestId: '0b6e1d9c-5a44-4c0e-9a53-6c1d0b1f2a3e',
      identity: { sourceIp: '203.0.113.7' },
      authorizer: {
        organization_id: organizationId,
        credential_id: 'key_01jq8k2m3n4p5q6r7s8t9v0w1x',
        credential_type: 'api_key',
        credential_name: 'Airflow production',
        scopes: 'admin:organization',
      },
    },
  }) as unknown as APIGatewayProxyEvent;

type Request = { params?: Record<string, string>; headers?: Record<string, string>; body?: unknown };

const end = {
  type: 'postgres',
  config: { host: 'db.example.com', port: 5432, database: 'shop' },
  credentials: { user: 'app', password: 'correct-horse-battery-staple' },
};

/** An organization with a connection on an embedded table whose client is metered. */
export const meteredWorld = async () => {
  const { table, client, tableName, endpoint, stop } = await startTable();
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const raw = new DynamoDBClient({ endpoint, region: 'eu-west-1', credentials });
  const meter = unitMeter(client, DynamoDBDocumentClient.from(raw), tableName);
  const sent: DeliveryMessage[] = [];
  const services = servicesOn(table, sent) satisfies AllServices &
    FanOutServices &
    WorkerServices &
    DeliverServices;
  const organizationId = await anOrganization(table, { max_concurrent_runs: 25 });
  const call = async <R extends Route>(endpointOf: Endpoint<R>, request: Request) => {
    const handler = handlerOf(endpointOf, () => services as never);
    const { statusCode, body } = await handler(
      eventOf(endpointOf.route, organizationId, request),
      {} as Context,
    );
    if (statusCode >= 300) throw new Error(`${endpointOf.route.path} answered ${statusCode}: ${body}`);
    return JSON.parse(body).data;
  };
  const connection = await call(createConnection, {
    body: {
      name: 'Orders to warehouse',
      source: end,
      destination: end,
      tables: [
        { name: 'public.orders', mode: 'incremental', primary_key: ['id'], cursor_column: 'updated_at' },
      ],
    },
  });
  const close = async () => {
    raw.destroy();
    await stop();
  };
  return { client, meter, services, sent, organizationId, connectionId: String(connection.id), call, close };
};
export type MeteredWorld = Awaited<ReturnType<typeof meteredWorld>>;
