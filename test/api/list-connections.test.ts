import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deleteConnection } from '../../functions/api/connections/delete-connection.ts';
import { listConnections } from '../../functions/api/connections/list-connections.ts';
import { anOrganization } from '../support/builders.ts';
import { testWorld } from '../support/world.ts';

describe('GET /api/v1/connections', () => {
  const world = testWorld();
  const list = (query: Record<string, string> = {}, over = {}) =>
    world.call(listConnections, { query, ...over });
  const some = async (count: number) => {
    const ids: string[] = [];
    for (let n = 0; n < count; n++) {
      world.services.clock.step(n % 2); // every second one in the same millisecond as the one before
      ids.push(await world.aConnection({ name: `c${n}` }));
    }
    return ids;
  };
  const names = (body: { data: { attributes: { name: string } }[] }) =>
    body.data.map(({ attributes }) => attributes.name);

  it('200 filters by name and type', async () => {
    await some(3);

    expect(names((await list({ name: 'c1' })).body)).toEqual(['c1']);
    expect((await list({ type: 'postgres' })).body.data).toHaveLength(3);
    expect((await list({ type: 'nothing' })).body).toEqual({
      data: [],
      meta: { page: { limit: 50, cursor: null } },
    });
  });

  it('A9 pages show what was there throughout exactly once, whatever comes and goes between them', async () => {
    const ids = await some(7);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const { body } = await list({ limit: '2', ...(cursor && { cursor }) });
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.meta.page.cursor;
      if (seen.length === 2) {
        await world.call(deleteConnection, { params: { connectionId: seen[1] ?? '' } });
        world.services.clock.step(1000);
        await world.aConnection({ name: 'newer than all' });
      }
    } while (cursor);

    expect(seen.toSorted()).toEqual(ids.toSorted());
  });

  it('A7 400 invalid_cursor in another organization, with another filter, or altered', async () => {
    await some(3);
    const { cursor } = (await list({ limit: '1' })).body.meta.page;
    const organizationId = await anOrganization(world.services.table);

    const refused = [
      await list({ limit: '1', cursor }, { organizationId }),
      await list({ limit: '1', cursor, name: 'c1' }),
      await list({ limit: '1', cursor: `${cursor}A` }),
      await list({ limit: '1', cursor: cursor.slice(0, -2) }),
    ];

    expect(refused.map(({ body }) => body.error?.code)).toEqual(Array(4).fill('invalid_cursor'));
    expect((await list({ limit: '2', cursor })).status).toBe(200);
  });

  it('A7 no altered cursor is ever taken', async () => {
    await some(2);
    const { cursor } = (await list({ limit: '1' })).body.meta.page;
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const position = fc.integer({ min: 0, max: cursor.length - 1 });
    const character = fc.constantFrom(...alphabet);
    await fc.assert(
      fc.asyncProperty(position, character, async (at, char) => {
        fc.pre(cursor[at] !== char);
        const { body } = await list({
          limit: '1',
          cursor: cursor.slice(0, at) + char + cursor.slice(at + 1),
        });
        expect(body.error?.code).toBe('invalid_cursor');
      }),
      { numRuns: 60 },
    );
  });

  it('D15 one instance serves two organizations without mixing them', async () => {
    await some(2);
    const organizationId = await anOrganization(world.services.table);

    expect((await list({ limit: '1' })).body.data).toHaveLength(1);
    expect((await list({}, { organizationId })).body.data).toEqual([]);
  });
});
