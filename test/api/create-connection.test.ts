import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectionKey } from '#src/table/keys.ts';
import { createConnection } from '../../functions/api/connections/create-connection.ts';
import { getConnection } from '../../functions/api/connections/get-connection.ts';
import { aConnectionBody, anOrganization } from '../support/builders.ts';
import { call } from '../support/call.ts';
import { startTable } from '../support/dynamo.ts';
import { type TestServices, testServices } from '../support/services.ts';

describe('POST /api/v1/connections', () => {
  let started: Awaited<ReturnType<typeof startTable>>;
  let services: TestServices;
  let organizationId: string;
  beforeAll(async () => {
    started = await startTable();
  });
  afterAll(() => started.stop());
  beforeEach(async () => {
    services = testServices(started.table);
    organizationId = await anOrganization(started.table, { max_connections: 3 });
  });
  const create = (body: unknown, over = {}) =>
    call(createConnection, services, { organizationId, body, ...over });

  it('201 answers the connection without its credentials, and GET shows the same', async () => {
    const made = await create(aConnectionBody());

    expect(made.status).toBe(201);
    expect(made.headers.etag).toBe('"1"');
    expect(made.body.data).toEqual({
      id: expect.stringMatching(/^conn_[0-9a-hjkmnp-tv-z]{26}$/),
      type: 'connection',
      attributes: {
        name: 'Orders to warehouse',
        source: {
          type: 'postgres',
          config: { host: 'source.example.com', port: 5432, database: 'shop', ssl: 'verify-full' },
        },
        destination: {
          type: 'postgres',
          config: { host: 'warehouse.example.com', port: 5432, database: 'shop', ssl: 'verify-full' },
        },
        tables: [
          { name: 'public.orders', mode: 'incremental', primary_key: ['id'], cursor_column: 'updated_at' },
        ],
        max_source_concurrency: null,
        schema_change: 'widen',
        status: 'active',
        version: 1,
        created_at: '2030-01-01T00:00:00.000Z',
        updated_at: '2030-01-01T00:00:00.000Z',
      },
    });
    const read = await call(getConnection, services, {
      organizationId,
      params: { connectionId: made.body.data.id },
    });
    expect(read.body).toEqual(made.body);
  });

  it('201 keeps the credentials sealed for this connection alone', async () => {
    const { body } = await create(aConnectionBody());

    const context = { purpose: 'connection', organization_id: organizationId, resource_id: body.data.id };
    expect(services.vault.seal).toHaveBeenCalledTimes(2);
    expect(services.vault.seal).toHaveBeenCalledWith(
      '{"user":"app","password":"canary-password-5f2c"}',
      context,
    );
    const item = await started.table.get(connectionKey(organizationId, body.data.id, 'CREDENTIALS'));
    expect(JSON.stringify(item)).not.toContain('canary');
  });

  it('400 lists everything that is wrong, by field', async () => {
    const body = {
      ...aConnectionBody(),
      id: 'conn_1',
      tables: [{ name: 'orders', mode: 'incremental' }],
      source: { ...aConnectionBody().source, type: 'mysql' },
    };

    const { status, body: answer } = await create(body);

    expect(status).toBe(400);
    expect(answer.error.code).toBe('invalid_request');
    expect(answer.error.details).toEqual(
      expect.arrayContaining([
        { field: 'id', issue: 'is not known here' },
        { field: 'source.type', issue: 'is not available yet' },
        { field: 'tables.0.name', issue: 'must be schema.table' },
      ]),
    );
  });

  it('400 for an incremental table without key or cursor', async () => {
    const { status, body } = await create(
      aConnectionBody({ tables: [{ name: 'public.orders', mode: 'incremental', primary_key: [] }] }),
    );

    expect(status).toBe(400);
    expect(body.error.details).toEqual([
      { field: 'tables.0.primary_key', issue: 'is needed by an incremental table' },
      { field: 'tables.0.cursor_column', issue: 'is needed by an incremental table' },
    ]);
  });

  it('409 for a name that is taken, also under a race', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => create(aConnectionBody())));

    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.error).toMatchObject({
      code: 'conflict',
      details: [{ field: 'name', issue: 'is taken' }],
    });
  });

  it('409 beyond max_connections, also under a race', async () => {
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => create(aConnectionBody({ name: `c${n}` }))));

    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 201, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.error.code).toBe('limit_reached');
  });

  it('A5 names that look like keys of other names are all different names', async () => {
    const names = ['a#b', 'a%23;b', 'a/b'];
    const answers = await Promise.all(names.map((name) => create(aConnectionBody({ name }))));

    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(answers.map(({ body }) => body.data.attributes.name)).toEqual(names);
  });
});
