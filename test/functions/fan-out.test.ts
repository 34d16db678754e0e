import type { Context, SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Failure } from '#src/domain/failure.ts';
import { fanOutHandler } from '../../functions/events/fan-out.ts';
import { startTable } from '../support/dynamo.ts';
import { eventsWorld, jobEvent, type World } from '../support/events-world.ts';

let started: Awaited<ReturnType<typeof startTable>>;
let world: World;
beforeAll(async () => {
  started = await startTable();
});
afterAll(() => started.stop());
beforeEach(() => {
  world = eventsWorld(started.table);
});

const eventOf = (...bodies: string[]) =>
  ({ Records: bodies.map((body, n) => ({ messageId: `m${n + 1}`, body })) }) as unknown as SQSEvent;
const wake = () => JSON.stringify({ organization_id: world.organizationId });
const invoke = (event: SQSEvent) => fanOutHandler(() => world.services)(event, {} as Context);

describe('fan-out, woken by the queue', () => {
  it('reads the outbox itself: one wake-up numbers everything that waits', async () => {
    await world.commit(jobEvent('job.queued'));
    await world.commit(jobEvent('job.started', 2));

    expect(await invoke(eventOf(wake()))).toEqual({ batchItemFailures: [] });

    expect(await world.feed()).toHaveLength(2);
  });

  it('runs once for several wake-ups of one organization in a batch', async () => {
    const query = vi.spyOn(world.services.table, 'query');
    await world.commit(jobEvent('job.queued'));

    await invoke(eventOf(wake(), wake(), wake()));

    expect(query).toHaveBeenCalledTimes(4); // two rounds of outbox and webhooks
    query.mockRestore();
  });

  it('acknowledges also what it could not do, and leaves it to the sweeper', async () => {
    await world.commit(jobEvent('job.queued'));
    const healthy = world.services.table;
    world.services.table = { ...healthy, write: () => Promise.reject(new Failure('dependency_down', '')) };

    expect(await invoke(eventOf(wake()))).toEqual({ batchItemFailures: [] });
    world.services.table = healthy;
    await world.live(1);

    expect(await world.feed()).toHaveLength(1);
  });

  it('gives back a message that is no JSON, alone', async () => {
    await world.commit(jobEvent('job.queued'));

    expect(await invoke(eventOf('{', wake(), '{"organization_id":7}'))).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm1' }, { itemIdentifier: 'm3' }],
    });
    expect(await world.feed()).toHaveLength(1);
  });
});
