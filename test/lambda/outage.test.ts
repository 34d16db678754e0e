import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createConnection,
  handler as createHandler,
} from '../../functions/api/connections/create-connection.ts';
import { getConnection, handler } from '../../functions/api/connections/get-connection.ts';
import { aConnectionBody } from '../support/builders.ts';
import { eventOf } from '../support/call.ts';

const request = {
  organizationId: 'org_01jq8k2m3n4p5q6r7s8t9v0w1x',
  params: { connectionId: 'conn_01jq8k2m3n4p5q6r7s8t9v0w1x' },
};

describe('while AWS throttles every call', () => {
  let server: Server;
  let calls: string[];
  beforeAll(async () => {
    server = createServer((incoming, response) => {
      calls.push(String(incoming.headers['x-amz-target']));
      incoming.resume();
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      response.end('{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"canary"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const [name, value] of Object.entries({
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      TABLE_NAME: 'planasonix',
      DATA_KEY_ARN: 'arn:aws:kms:eu-west-1:000000000000:key/1',
    }))
      vi.stubEnv(name, value);
  });
  beforeEach(() => {
    calls = [];
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const context = {} as Parameters<typeof handler>[1];

  it('H1 H2 a read is sent three times in all, then 503 dependency_down with Retry-After', async () => {
    const { statusCode, headers, body } = await handler(eventOf(getConnection.route, request), context);

    expect({ statusCode, wait: headers?.['retry-after'] }).toEqual({ statusCode: 503, wait: '5' });
    expect(JSON.parse(body).error.code).toBe('dependency_down');
    expect(body).not.toContain('canary');
    expect(calls).toEqual(Array(3).fill('DynamoDB_20120810.GetItem'));
  });

  it('H2 a POST multiplies no layers: each of its calls at most three times', async () => {
    const event = eventOf(createConnection.route, {
      organizationId: request.organizationId,
      body: aConnectionBody(),
      headers: { 'Idempotency-Key': 'k' },
    });

    const { statusCode } = await createHandler(event, context);

    expect(statusCode).toBe(503);
    const counts = Object.groupBy(calls, (call) => call);
    // the organization and the idempotency record are both GetItem, the two ends both Encrypt
    expect(counts['DynamoDB_20120810.GetItem']?.length).toBeLessThanOrEqual(6);
    expect(counts['TrentService.Encrypt']?.length).toBeLessThanOrEqual(6);
    expect(counts['DynamoDB_20120810.TransactWriteItems']).toBeUndefined();
  });
});
