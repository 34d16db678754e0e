import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '#src/domain/idempotency/idempotency-record.ts';
import { idempotencyKey } from '#src/table/keys.ts';
import { createConnection } from '../../functions/api/connections/create-connection.ts';
import { listConnections } from '../../functions/api/connections/list-connections.ts';
import { testConnection } from '../../functions/api/connections/test-connection.ts';
import { createWebhook } from '../../functions/api/webhooks/create-webhook.ts';
import { aConnectionBody } from '../support/builders.ts';
import { testWorld } from '../support/world.ts';

describe('Idempotency-Key', () => {
  const world = testWorld();
  const headers = { 'Idempotency-Key': 'night-2030-01-01' };
  const create = (body: unknown = aConnectionBody(), over = {}) =>
    world.call(createConnection, { body, headers, ...over });
  const count = async () => (await world.call(listConnections)).body.data.length;

  it('B1 the same request again gets the same answer, marked', async () => {
    const first = await create();
    const second = await create();

    expect(first.status).toBe(201);
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(second).toEqual({ ...first, headers: { ...first.headers, 'idempotent-replayed': 'true' } });
    expect(await count()).toBe(1);
  });

  it('B1 twenty at once make one', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => create()));

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(1);
    expect(answers.filter(({ headers: { 'idempotent-replayed': replayed } }) => !replayed)).toHaveLength(1);
    expect(await count()).toBe(1);
  });

  it('B2 422 for another body or another route; the first answer stands', async () => {
    const first = await create();

    const otherBody = await create(aConnectionBody({ name: 'Other' }));
    const params = { connectionId: first.body.data.id };
    const otherRoute = await world.call(testConnection, { params, headers });

    for (const { status, body } of [otherBody, otherRoute])
      expect({ status, code: body.error.code }).toEqual({ status: 422, code: 'idempotency_key_reused' });
    expect((await create()).body).toEqual(first.body);
  });

  it('B2 the fingerprint is stable under key order and changes with everything else', () => {
    const request = { method: 'POST', path: '/x', params: {} };
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (body) => {
        const turned = Object.fromEntries(Object.entries(body).toReversed());
        expect(fingerprintOf({ ...request, body: turned })).toBe(fingerprintOf({ ...request, body }));
        expect(fingerprintOf({ ...request, body: { ...body, more: 1 } })).not.toBe(
          fingerprintOf({ ...request, body: { ...body, more: 2 } }),
        );
      }),
    );
  });

  it('B4 after 24 hours the key is free, although its item still stands', async () => {
    const first = await create();
    world.services.clock.step(24 * 3600_000 - 1);
    expect((await create()).body.data.id).toBe(first.body.data.id);

    world.services.clock.step(1);
    const later = await create(aConnectionBody({ name: 'Next day' }));

    expect(later.status).toBe(201);
    expect(later.headers['idempotent-replayed']).toBeUndefined();
    expect(await count()).toBe(2);
  });

  it('B4 kept 7 days, by the TTL attribute in seconds', async () => {
    await create();

    const item = await world.services.table.get(
      idempotencyKey(world.organizationId, headers['Idempotency-Key']),
    );
    expect(item).toMatchObject({ ttl: 1_894_060_800, expires_at: 1_893_542_400_000 });
  });

  it('B5 500 before the commit leaves no trace: a retry runs', async () => {
    world.services.vault.seal.mockRejectedValueOnce(new Error('bug'));

    const failed = await create();
    const retried = await create();

    expect({ status: failed.status, code: failed.body.error.code }).toEqual({
      status: 500,
      code: 'internal_error',
    });
    expect(retried.status).toBe(201);
    expect(await count()).toBe(1);
  });

  it('B5 a reply lost after the commit is replayed, also where the request would fail now', async () => {
    const table = world.services.table;
    const lossy = { ...table };
    lossy.write = async (writes) => {
      await table.write(writes);
      throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
    };
    world.services.table = lossy;
    const lost = await create();
    world.services.table = table;

    const retried = await create();

    expect({ status: lost.status, code: lost.body.error.code }).toEqual({
      status: 503,
      code: 'dependency_down',
    });
    expect(retried.status).toBe(201); // its name is taken by now: by itself
    expect(retried.headers['idempotent-replayed']).toBe('true');
  });

  it('B6 a 400 and then the corrected body: runs', async () => {
    expect((await create({ ...aConnectionBody(), tables: [] })).status).toBe(400);
    expect((await create()).status).toBe(201);
  });

  it('B6 a 409 is not kept either', async () => {
    await world.aConnection({ name: 'taken' });
    expect((await create(aConnectionBody({ name: 'taken' }))).status).toBe(409);
    expect((await create(aConnectionBody({ name: 'free' }))).status).toBe(201);
  });

  it('403 comes before the replay', async () => {
    await create();

    expect((await create(undefined, { scopes: ['connections:read'] })).status).toBe(403);
  });

  it('two organizations may use one key', async () => {
    await create();
    const first = world.organizationId;
    world.organizationId = await (await import('../support/builders.ts')).anOrganization(
      world.services.table,
    );

    const { status, headers: answered } = await create();

    expect(status).toBe(201);
    expect(answered['idempotent-replayed']).toBeUndefined();
    expect(world.organizationId).not.toBe(first);
  });

  it('a POST that changes nothing is answered again as well, without asking the worker twice', async () => {
    const params = { connectionId: await world.aConnection() };

    const first = await world.call(testConnection, { params, headers });
    const second = await world.call(testConnection, { params, headers });

    expect(second.body).toEqual(first.body);
    expect(second.headers['idempotent-replayed']).toBe('true');
  });

  it('a secret that is shown once is null in a replay, and not in the table', async () => {
    const body = { url: 'https://hooks.example.com/in', events: ['job.*'] };
    const first = await world.call(createWebhook, { body, headers });
    const second = await world.call(createWebhook, { body, headers });

    expect(first.status).toBe(201);
    expect(first.body.data.signing_secret).toMatch(/^whsec_/);
    expect(second.body.data).toEqual({ ...first.body.data, signing_secret: null });
    const item = await world.services.table.get(
      idempotencyKey(world.organizationId, headers['Idempotency-Key']),
    );
    expect(JSON.stringify(item)).not.toContain(first.body.data.signing_secret);
  });

  it.each(['', 'a b', 'é', 'a\u0000', 'x'.repeat(256)])('A6 400 for the key %j', async (key) => {
    const { status, body } = await create(aConnectionBody(), { headers: { 'idempotency-key': key } });

    expect(status).toBe(400);
    expect(body.error.details).toEqual([
      { field: 'Idempotency-Key', issue: 'must be 1 to 255 visible ASCII characters' },
    ]);
    expect(await count()).toBe(0);
  });

  it('A6 400 for two keys', async () => {
    const { status, body } = await create(aConnectionBody(), { headers: { 'idempotency-key': ['a', 'b'] } });

    expect(status).toBe(400);
    expect(body.error.details).toEqual([{ field: 'Idempotency-Key', issue: 'is sent more than once' }]);
  });
});
