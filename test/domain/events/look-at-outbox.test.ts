import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fanOut } from '#src/domain/events/fan-out.ts';
import { lookAtOutbox } from '#src/domain/events/look-at-outbox.ts';
import { startTable } from '../../support/dynamo.ts';
import { eventsWorld, jobEvent, type World } from '../../support/events-world.ts';

let started: Awaited<ReturnType<typeof startTable>>;
let world: World;
beforeAll(async () => {
  started = await startTable();
});
afterAll(() => started.stop());
beforeEach(() => {
  world = eventsWorld(started.table);
});

describe('the look at an outbox item', () => {
  it('is due five seconds after the commit', async () => {
    await world.commit(jobEvent('job.queued'));

    world.clock.step(4_999);
    expect(await world.due()).toHaveLength(0);
    world.clock.step(1);
    expect(await world.due()).toHaveLength(1);
  });

  it('wakes fan-out by doubling steps while nothing comes of it', async () => {
    await world.commit(jobEvent('job.queued'));
    const wakes: number[] = [];
    const from = world.clock.now();
    world.services.events.wake = async () => void wakes.push((world.clock.now() - from) / 1000);

    await world.live(40);

    expect(wakes).toEqual([60, 120, 240, 480, 960, 1560, 2160]);
  });

  it('wakes once where two sweeps look at once, and not at all where it is numbered', async () => {
    await world.commit(jobEvent('job.queued'));
    world.clock.step(5_000);
    const [item] = await world.due();
    if (!item) throw new Error('Nothing is due.');

    await Promise.all([1, 2, 3].map(() => lookAtOutbox(item, world.services)));
    expect(world.wakes).toEqual([world.organizationId]);

    await fanOut(world.organizationId, world.services);
    await lookAtOutbox(item, world.services);
    expect(world.wakes).toHaveLength(1);
  });
});
