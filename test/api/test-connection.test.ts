import { describe, expect, it } from 'vitest';
import { Failure } from '#src/domain/failure.ts';
import { listConnectionTables } from '../../functions/api/connections/list-connection-tables.ts';
import { testConnection } from '../../functions/api/connections/test-connection.ts';
import { testWorld } from '../support/world.ts';

const world = testWorld();
const aTable = (name: string) => ({
  name,
  primary_key: ['id'],
  columns: [{ name: 'id', type: 'bigint', nullable: false }],
  cursor_candidates: [],
  estimated_rows: 3,
});

describe('POST /api/v1/connections/{connectionId}/test', () => {
  it('200 says what works and what does not', async () => {
    const connectionId = await world.aConnection();
    world.services.inspector.check.mockResolvedValue([
      { end: 'source', name: 'reachable', ok: true },
      { end: 'destination', name: 'may create tables', ok: false, hint: 'GRANT CREATE' },
    ]);

    const { status, body } = await world.call(testConnection, { params: { connectionId } });

    expect(status).toBe(200);
    expect(body.data).toEqual({
      ok: false,
      checks: [
        { end: 'source', name: 'reachable', ok: true },
        { end: 'destination', name: 'may create tables', ok: false, hint: 'GRANT CREATE' },
      ],
    });
    expect(world.services.inspector.check).toHaveBeenCalledExactlyOnceWith(
      world.organizationId,
      connectionId,
    );
  });

  it('503 with Retry-After while the worker fails', async () => {
    const connectionId = await world.aConnection();
    world.services.inspector.check.mockRejectedValue(new Failure('dependency_down', 'Try again.'));

    const { status, body, headers } = await world.call(testConnection, { params: { connectionId } });

    expect({ status, code: body.error.code }).toEqual({ status: 503, code: 'dependency_down' });
    expect(headers['retry-after']).toBe('5');
  });

  it('404 asks no worker', async () => {
    const params = { connectionId: 'conn_01jq8k2m3n4p5q6r7s8t9v0w1x' };

    expect((await world.call(testConnection, { params })).status).toBe(404);
    expect(world.services.inspector.check).not.toHaveBeenCalled();
  });
});

describe('GET /api/v1/connections/{connectionId}/tables', () => {
  it('200 pages by name', async () => {
    const connectionId = await world.aConnection();
    world.services.inspector.discover.mockResolvedValue(['public.b', 'public.a', 'public.c'].map(aTable));
    const page = (query: Record<string, string>) =>
      world.call(listConnectionTables, { params: { connectionId }, query });

    const first = await page({ limit: '2' });
    const second = await page({ limit: '2', cursor: first.body.meta.page.cursor });

    expect(first.body.data).toEqual([aTable('public.a'), aTable('public.b')]);
    expect(second.body.data).toEqual([aTable('public.c')]);
    expect(second.body.meta.page.cursor).toBeNull();
  });
});
