import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bundle, bundleAll } from '#lib/bundle.ts';
import { bundleOf, workers } from '#lib/entries.ts';
import { entryOf } from '#src/api/naming.ts';
import { routes } from '#src/api/routes.ts';
import { anOrganization } from './support/builders.ts';
import { eventOf } from './support/call.ts';
import { startTable } from './support/dynamo.ts';

const outdir = mkdtempSync(join(tmpdir(), 'planasonix-bundles-'));
let outputs: Awaited<ReturnType<typeof bundleAll>>;
let store: Awaited<ReturnType<typeof startTable>>;
let probe: typeof import('./support/bundle-probe.ts');

/** A service that gives one answer after the other, the last for ever, and keeps the calls. */
const service = async (...answers: { status: number; body: object }[]) => {
  const targets: string[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(targets.length, answers.length - 1)];
    targets.push(String(request.headers['x-amz-target']));
    response.writeHead(answer?.status ?? 500, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(answer?.body));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, targets, [Symbol.asyncDispose]: async () => void server.close() };
};

beforeAll(async () => {
  outputs = await bundleAll(outdir);
  await bundle(['test/support/bundle-probe.ts'], outdir);
  store = await startTable();
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', store.endpoint);
  vi.stubEnv('TABLE_NAME', store.tableName);
  probe = await import(join(outdir, 'bundle-probe/index.mjs'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await store.stop();
  rmSync(outdir, { recursive: true, force: true });
});

const outputOf = (entry: string) => {
  const found = Object.entries(outputs).find(([file]) => file.endsWith(`/${bundleOf(entry)}/index.mjs`));
  if (!found) throw new Error(`No bundle of ${entry}`);
  return found[1];
};
const apiEntries = [
  ...Object.entries(routes).map(([name, route]) => entryOf(name, route)),
  workers.authorizeRequest,
  workers.unknownRoute,
];

describe('bundles', () => {
  it.each(apiEntries)('%s is at most 330 KB, without a database driver', (entry) => {
    const { bytes, inputs } = outputOf(entry);

    expect(bytes).toBeLessThanOrEqual(337_920);
    expect(Object.keys(inputs).filter((file) => /node_modules\/(pg|postgres|embedded)/.test(file))).toEqual(
      [],
    );
  });

  it('only functions that open databases hold the driver', () => {
    const holders = Object.entries(outputs)
      .filter(([, { inputs }]) => Object.keys(inputs).some((file) => file.includes('node_modules/pg/')))
      .map(([file]) => file.split('/').at(-2));

    expect(holders.toSorted()).toEqual(['fail-job', 'inspect-connection', 'run-slice']);
  });
});

describe('a bundle without what it never runs', () => {
  it('answers from a real table', async () => {
    const organizationId = await anOrganization(store.table);
    const { handler } = (await import(join(outdir, 'list-webhooks/index.mjs'))) as {
      handler(event: APIGatewayProxyEvent, context: object): Promise<APIGatewayProxyResult>;
    };

    const { statusCode, body } = await handler(eventOf(routes.listWebhooks, { organizationId }), {});

    expect({ statusCode, body: JSON.parse(body) }).toEqual({
      statusCode: 200,
      body: { data: [], meta: { page: { cursor: null, limit: 50 } } },
    });
  });

  it('answers the OpenAPI document', async () => {
    const { handler } = await import(join(outdir, 'get-openapi/index.mjs'));

    const { statusCode, body } = await handler(eventOf(routes.getOpenapi, {}), {});

    expect(statusCode).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ openapi: '3.1.1' });
  });

  it('knows a refused condition and the item that stood in its way', async () => {
    const table = probe.awsTable();
    const item = { pk: 'a', sk: 'b', n: 1 };
    await table.write([{ put: item }]);
    const refused = { put: { ...item, n: 2 }, if: { n: 7 } };

    const one = await table.write([refused]).catch((error: Error) => error);
    const many = await table.write([{ put: { pk: 'a', sk: 'c' } }, refused]).catch((error: Error) => error);

    expect(one).toMatchObject({ name: 'ConditionFailed', failed: new Map([[0, item]]) });
    expect(many).toMatchObject({ name: 'ConditionFailed', failed: new Map([[1, item]]) });
    expect(await table.get({ pk: 'a', sk: 'c' })).toBeUndefined();
  });

  it('tries three times, and names an error whose class was left out', async () => {
    await using kms = await service(
      { status: 500, body: { __type: 'com.amazonaws.kms#KMSInternalException', message: 'Try again' } },
      { status: 400, body: { __type: 'ThrottlingException', message: 'Rate exceeded' } },
      {
        status: 400,
        body: { __type: 'com.amazonaws.kms#DisabledException', message: 'The key is disabled' },
      },
    );
    vi.stubEnv('AWS_ENDPOINT_URL_KMS', kms.url);
    const context = { purpose: 'webhook', organization_id: 'o', resource_id: 'w' } as const;

    const error = await probe
      .vault()
      .open('c2VhbGVk', context)
      .catch((thrown: Error) => thrown);

    expect(error).toMatchObject({
      name: 'DisabledException',
      message: 'The key is disabled',
      $fault: 'client',
      $metadata: { httpStatusCode: 400, attempts: 3 },
    });
    expect(kms.targets).toEqual(Array.from({ length: 3 }, () => 'TrentService.Decrypt'));
    expect(probe.isTransient(error)).toBe(false);
  });

  it('sees by its name that an execution exists', async () => {
    const exists = { __type: 'com.amazonaws.sfn#ExecutionAlreadyExists', message: 'It exists' };
    await using states = await service({ status: 400, body: exists });
    vi.stubEnv('AWS_ENDPOINT_URL_SFN', states.url);

    await expect(probe.runner().start({ name: 'job_1-1', input: '{}' })).resolves.toBeUndefined();
    expect(states.targets).toEqual(['AWSStepFunctions.StartExecution']);
  });

  it('tells which messages a queue refused', async () => {
    await using queue = await service({
      status: 200,
      body: { Successful: [], Failed: [{ Id: '0', Code: 'InternalError', SenderFault: false }] },
    });
    const told: unknown[] = [];

    await probe
      .deliveries(`${queue.url}/000000000000/deliveries`, (...facts) => void told.push(facts))
      .send([{ organization_id: 'o', webhook_id: 'w', delivery_id: 'd' }]);

    expect(told).toEqual([['send_failed', { entries: 1 }]]);
  });
});
