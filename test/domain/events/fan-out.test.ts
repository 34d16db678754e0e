import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { fanOut } from '#src/domain/events/fan-out.ts';
import { Failure } from '#src/domain/failure.ts';
import { listKey, outboxKey } from '#src/table/keys.ts';
import type { Table } from '#src/table/table.ts';
import { startTable } from '../../support/dynamo.ts';
import { dyingAt, eventsWorld, ignoringCrash, jobEvent, type World } from '../../support/events-world.ts';

let started: Awaited<ReturnType<typeof startTable>>;
let world: World;
beforeAll(async () => {
  started = await startTable();
});
afterAll(() => started.stop());
beforeEach(() => {
  world = eventsWorld(started.table);
});

const outboxItems = async () =>
  (await world.table.query({ pk: outboxKey(world.organizationId).pk })).items.map(({ sk }) => sk);

describe('fan-out', () => {
  it('puts each event into the feed, gaplessly from 1, as the payload of the contract', async () => {
    await world.commit(jobEvent('job.queued', 1), jobEvent('job.started', 2));
    world.clock.step(1);
    const last = await world.commit(jobEvent('job.succeeded', 3));

    await fanOut(world.organizationId, world.services);

    const feed = await world.feed();
    expect(feed.map(({ payload }) => [payload.sequence, payload.type])).toEqual([
      [1, 'job.queued'],
      [2, 'job.started'],
      [3, 'job.succeeded'],
    ]);
    expect(feed[2]?.payload).toEqual({
      id: (last.events as { id: string }[])[0]?.id,
      type: 'job.succeeded',
      created_at: '2030-01-01T00:00:00.001Z',
      job_sequence: 3,
      organization_id: world.organizationId,
      causation: { depth: 0, job_ids: ['job_1'] },
      sequence: 3,
      data: expect.objectContaining({ job_id: 'job_1', metadata: { dag_run_id: 'größe-1.0' } }),
    });
    expect(await outboxItems()).toEqual([]);
    expect(world.onBus).toHaveLength(3);
  });

  it('makes one delivery for each enabled webhook that asked, and sends it', async () => {
    const all = await world.addWebhook();
    const family = await world.addWebhook({ events: ['job.*'] });
    const other = await world.addWebhook({ events: ['job.failed', 'backfill.*'] });
    const off = await world.addWebhook({ enabled: false });
    await world.commit(jobEvent('job.queued'));

    await fanOut(world.organizationId, world.services);

    const counts = [all, family, other, off].map(async ({ id }) => (await world.deliveriesOf(id)).length);
    expect(await Promise.all(counts)).toEqual([1, 1, 0, 0]);
    expect(world.queue.map(({ message }) => message.webhook_id).toSorted()).toEqual(
      [all.id, family.id].toSorted(),
    );
  });

  it('puts the list entries that came with the event', async () => {
    const entry = listKey(world.organizationId, 'jobs', 'job_1');
    await world.commit({ ...jobEvent('job.queued'), lists: [entry] });

    await fanOut(world.organizationId, world.services);

    expect(await world.table.get(entry)).toEqual(entry);
  });

  it('splits an item whose events do not fit into one transaction', async () => {
    for (let n = 0; n < 50; n++) await world.addWebhook();
    await world.commit(jobEvent('job.queued', 1), jobEvent('job.started', 2));

    await fanOut(world.organizationId, world.services);

    expect((await world.feed()).map(({ payload }) => payload.type)).toEqual(['job.queued', 'job.started']);
    expect(world.queue).toHaveLength(100);
    expect(await outboxItems()).toEqual([]);
  });

  it('numbers without gap or double where four of them race', async () => {
    const webhook = await world.addWebhook();
    for (let n = 0; n < 30; n++) {
      await world.commit(jobEvent('job.queued', 1), jobEvent('job.started', 2));
      world.clock.step(1);
    }

    await Promise.all([1, 2, 3, 4].map(() => fanOut(world.organizationId, world.services)));

    const feed = await world.feed();
    expect(feed.map(({ payload }) => payload.sequence)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
    expect(new Set(feed.map(({ payload }) => payload.id)).size).toBe(60);
    expect(await world.deliveriesOf(webhook.id)).toHaveLength(60);
    expect(await outboxItems()).toEqual([]);
  });

  it('sets aside an event that is refused five times, and numbers the others meanwhile', async () => {
    const bad = { ...jobEvent('job.queued'), data: { job_id: 1 } } as never;
    const { sk } = await world.commit(bad);
    world.clock.step(1);
    await world.commit(jobEvent('job.started', 2));

    await fanOut(world.organizationId, world.services);
    expect((await world.feed()).map(({ payload }) => payload.type)).toEqual(['job.started']);
    for (let n = 0; n < 4; n++) await fanOut(world.organizationId, world.services);

    expect(await outboxItems()).toEqual([`ASIDE#${sk}`]);
    expect(world.reports).toEqual([...Array(4).fill('event_refused'), 'event_set_aside']);
  });

  it('tries what was set aside again each hour, until it is numbered', async () => {
    const item = await world.commit({ ...jobEvent('job.queued'), data: { job_id: 1 } } as never);
    for (let n = 0; n < 5; n++) await fanOut(world.organizationId, world.services);
    const [aside = ''] = await outboxItems();
    const good = [{ ...(item.events as object[])[0], data: jobEvent('job.queued').data }];
    await world.table.write([{ update: { pk: item.pk, sk: aside }, set: { events: good } }]);

    await world.live(59);
    expect(await world.feed()).toEqual([]);
    await world.live(3);

    expect(await world.feed()).toHaveLength(1);
    expect(await outboxItems()).toEqual([]);
  });

  it('refuses an event over 64 KB', async () => {
    const metadata = { text: 'ü'.repeat(40_000) };
    const { data, ...event } = jobEvent('job.queued') as { data: object };
    await world.commit({ ...event, data: { ...data, metadata } } as never);

    await fanOut(world.organizationId, world.services);

    expect(await world.feed()).toEqual([]);
    expect(world.reports).toEqual(['event_refused']);
  });

  it('counts what the store itself calls invalid, against the one to blame', async () => {
    const bad = await world.commit(jobEvent('job.queued'));
    world.clock.step(1);
    await world.commit(jobEvent('job.started', 2));
    const refusal = Object.assign(new Error('Item size has exceeded'), { name: 'ValidationException' });
    const isBad = (write: object) => 'delete' in write && (write.delete as { sk: string }).sk === bad.sk;
    const table: Table = {
      ...world.table,
      write: (writes) => (writes.some(isBad) ? Promise.reject(refusal) : world.table.write(writes)),
    };

    await fanOut(world.organizationId, { ...world.services, table });

    expect((await world.feed()).map(({ payload }) => payload.type)).toEqual(['job.started']);
    expect(await world.table.get({ pk: bad.pk, sk: bad.sk })).toMatchObject({ refusals: 1 });
  });

  it('never counts an outage against an event', async () => {
    const { pk, sk } = await world.commit(jobEvent('job.queued'));
    const down = new Failure('dependency_down', 'down');
    const table: Table = { ...world.table, write: () => Promise.reject(down) };

    for (let n = 0; n < 6; n++) {
      await expect(fanOut(world.organizationId, { ...world.services, table })).rejects.toBe(down);
    }

    expect(await world.table.get({ pk, sk })).not.toHaveProperty('refusals');
  });

  it('E6 leaves deliveries that the queue did not take to the sweeper, under the same event id', async () => {
    const webhook = await world.addWebhook();
    await world.commit(jobEvent('job.queued'));
    const send = vi.fn(() => Promise.reject(new Error('queue is down')));

    await fanOut(world.organizationId, { ...world.services, deliveries: { send } });
    expect(world.queue).toEqual([]);
    await world.live(2);

    const [event] = await world.feed();
    expect(world.posts.map(({ headers }) => headers['webhook-id'])).toEqual([event?.payload.id]);
    expect((await world.deliveriesOf(webhook.id)).map(({ status }) => status)).toEqual(['delivered']);
  });

  /** Fan-out dies at its k-th call; then the sweeper and the queues do their work. */
  const crashAt = async (k: number, mode: 'before' | 'lostReply') => {
    world = eventsWorld(started.table);
    const hooks = [await world.addWebhook(), await world.addWebhook()];
    await world.commit(jobEvent('job.queued', 1), jobEvent('job.started', 2));
    const dying = dyingAt(world.services, k, mode);
    await ignoringCrash(fanOut(world.organizationId, dying.services));
    await world.live(4);
    const deliveries = (await Promise.all(hooks.map(({ id }) => world.deliveriesOf(id)))).flat();
    return {
      died: dying.died(),
      events: (await world.feed()).map(({ payload }) => `${payload.sequence} ${payload.type}`),
      ends: deliveries.map(({ sequence, status }) => `${sequence} ${status}`).toSorted(),
    };
  };

  it.each(['before', 'lostReply'] as const)(
    'INV3 INV4 a crash at any step (%s) loses no event, doubles none, and every delivery ends',
    async (mode) => {
      let k = 0;
      for (let died = true; died; ) {
        const after = await crashAt(++k, mode);
        died = after.died;

        expect(after.events).toEqual(['1 job.queued', '2 job.started']);
        expect(after.ends).toEqual(['1 delivered', '1 delivered', '2 delivered', '2 delivered']);
        expect(await outboxItems()).toEqual([]);
      }
      expect(k).toBeGreaterThan(8);
    },
  );
});
