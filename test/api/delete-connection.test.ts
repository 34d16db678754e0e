import { describe, expect, it } from 'vitest';
import { connectionKey } from '#src/table/keys.ts';
import { deleteConnection } from '../../functions/api/connections/delete-connection.ts';
import { getConnection } from '../../functions/api/connections/get-connection.ts';
import { listConnections } from '../../functions/api/connections/list-connections.ts';
import { testWorld } from '../support/world.ts';

describe('DELETE /api/v1/connections/{connectionId}', () => {
  const world = testWorld();

  it('204 takes it away with its credentials; its name is free again', async () => {
    const connectionId = await world.aConnection();

    const { status, body, headers } = await world.call(deleteConnection, { params: { connectionId } });

    expect({ status, body }).toEqual({ status: 204, body: undefined });
    expect(headers['content-type']).toBeUndefined();
    expect((await world.call(getConnection, { params: { connectionId } })).status).toBe(404);
    expect((await world.call(listConnections)).body.data).toEqual([]);
    for (const part of ['CREDENTIALS', 'LIVE', 'STATE'] as const) {
      const item = await world.services.table.get(connectionKey(world.organizationId, connectionId, part));
      expect(item).toBeUndefined();
    }
    expect(await world.aConnection()).toMatch(/^conn_/);
  });

  it('D14 409 while a sync runs or waits', async () => {
    const connectionId = await world.aConnection();
    const live = connectionKey(world.organizationId, connectionId, 'LIVE');

    for (const set of [
      { running_id: 'job_1', queued: [] },
      { queued: [{ id: 'job_2', rank: 1, tables: [] }] },
    ]) {
      await world.services.table.update({ update: live, remove: ['running_id'] });
      await world.services.table.update({ update: live, set });
      const { status, body } = await world.call(deleteConnection, { params: { connectionId } });
      expect({ status, code: body.error.code }).toEqual({ status: 409, code: 'conflict' });
    }
    expect((await world.call(getConnection, { params: { connectionId } })).status).toBe(200);
  });

  it('409 version_conflict where If-Match names another version', async () => {
    const connectionId = await world.aConnection();

    const { status, body } = await world.call(deleteConnection, {
      params: { connectionId },
      headers: { 'if-match': '"9"' },
    });

    expect({ status, code: body.error.code }).toEqual({ status: 409, code: 'version_conflict' });
  });

  it('404 the second time', async () => {
    const connectionId = await world.aConnection();
    await world.call(deleteConnection, { params: { connectionId } });

    expect((await world.call(deleteConnection, { params: { connectionId } })).status).toBe(404);
  });
});
