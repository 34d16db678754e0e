import { describe, expect, it } from 'vitest';
import { endTurn } from '#src/domain/jobs/live-sync.ts';
import { connectionKey } from '#src/table/keys.ts';
import { getConnection } from '../../functions/api/connections/get-connection.ts';
import { listConnections } from '../../functions/api/connections/list-connections.ts';
import { syncConnection } from '../../functions/api/connections/sync-connection.ts';
import { updateConnection } from '../../functions/api/connections/update-connection.ts';
import { testWorld } from '../support/world.ts';

describe('PUT /api/v1/connections/{connectionId}', () => {
  const world = testWorld();
  const update = (connectionId: string, body: unknown, headers: Record<string, string> = {}) =>
    world.call(updateConnection, { params: { connectionId }, body, headers });

  it('200 changes what is given, keeps the rest, and shows it everywhere', async () => {
    const connectionId = await world.aConnection();
    world.services.clock.step(60_000);

    const { status, headers, body } = await update(connectionId, {
      source: { config: { database: 'shop2' } },
    });

    expect(status).toBe(200);
    expect(headers.etag).toBe('"2"');
    expect(body.data.attributes).toMatchObject({
      name: 'Orders to warehouse',
      version: 2,
      created_at: '2030-01-01T00:00:00.000Z',
      updated_at: '2030-01-01T00:01:00.000Z',
      source: { type: 'postgres', config: { host: 'source.example.com', port: 5432, database: 'shop2' } },
    });
    expect((await world.call(getConnection, { params: { connectionId } })).body).toEqual(body);
    expect((await world.call(listConnections)).body.data).toEqual([body.data]);
  });

  it('200 with an empty body changes the version only', async () => {
    const connectionId = await world.aConnection();

    const { status, body } = await update(connectionId, undefined);

    expect(status).toBe(200);
    expect(body.data.attributes).toMatchObject({ version: 2, name: 'Orders to warehouse' });
  });

  it('200 seals new credentials of one end and keeps those of the other', async () => {
    const connectionId = await world.aConnection();
    const key = connectionKey(world.organizationId, connectionId, 'CREDENTIALS');
    const before = await world.services.table.get(key);

    await update(connectionId, { source: { credentials: { user: 'app', password: 'another' } } });

    const after = await world.services.table.get(key);
    expect(after?.destination).toBe(before?.destination);
    expect(after?.source).not.toBe(before?.source);
  });

  it('200 paused stops the gate of its syncs, active opens it', async () => {
    const connectionId = await world.aConnection();
    const live = () => world.services.table.get(connectionKey(world.organizationId, connectionId, 'LIVE'));

    await update(connectionId, { status: 'paused' });
    expect(await live()).toMatchObject({ paused: true });
    await update(connectionId, { status: 'active' });
    expect(await live()).toMatchObject({ paused: false });
  });

  it('200 resumed lets a sync that waited begin at once', async () => {
    const connectionId = await world.aConnection();
    const params = { connectionId };
    const first = await world.call(syncConnection, { params });
    await world.services.table.update({
      update: connectionKey(world.organizationId, connectionId, 'LIVE'),
      set: { reading: true },
    });
    const second = await world.call(syncConnection, { params });
    await update(connectionId, { status: 'paused' });
    await world.services.table.write([
      endTurn({ organizationId: world.organizationId, connectionId }, first.body.data.job.id),
    ]);
    world.services.runner.start.mockClear();

    await update(connectionId, { status: 'active' });

    const name = `${second.body.data.job.id}-1`;
    expect(second.body.data.job.status).toBe('queued');
    expect(world.services.runner.start).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ name }));
  });

  it.each([{ host: 'elsewhere.example.com' }, { port: 6543 }, { ssl: 'disable' }])(
    '400 for %o without new credentials',
    async (config) => {
      const connectionId = await world.aConnection();

      const { status, body } = await update(connectionId, { destination: { config } });

      expect(status).toBe(400);
      expect(body.error.details).toEqual([
        { field: 'destination.credentials', issue: 'must be given when type, host, port or ssl change' },
      ]);
    },
  );

  it('409 conflict for a name that is taken; a name that was given up is free', async () => {
    const first = await world.aConnection({ name: 'first' });
    const second = await world.aConnection({ name: 'second' });

    expect((await update(second, { name: 'first' })).body.error.code).toBe('conflict');
    expect((await update(first, { name: 'third' })).status).toBe(200);
    expect((await update(second, { name: 'first' })).status).toBe(200);
  });

  it('409 version_conflict where If-Match names another version', async () => {
    const connectionId = await world.aConnection();

    const refused = await update(connectionId, { name: 'x' }, { 'If-Match': '"7"' });
    const taken = await update(connectionId, { name: 'x' }, { 'If-Match': '"1"' });

    expect({ status: refused.status, code: refused.body.error.code }).toEqual({
      status: 409,
      code: 'version_conflict',
    });
    expect(taken.status).toBe(200);
  });

  it('D2 of two changes of one version exactly one wins', async () => {
    const connectionId = await world.aConnection();

    const answers = await Promise.all(
      ['a', 'b', 'c'].map((name) => update(connectionId, { name }, { 'If-Match': '"1"' })),
    );

    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409]);
    const shown = await world.call(getConnection, { params: { connectionId } });
    expect(shown.body).toEqual(answers.find(({ status }) => status === 200)?.body);
  });

  it('404 for a connection of another organization', async () => {
    const connectionId = await world.aConnection();
    const organizationId = 'org_01jq8k2m3n4p5q6r7s8t9v0w1x';

    const { status } = await world.call(updateConnection, { organizationId, params: { connectionId } });

    expect(status).toBe(404);
  });
});
