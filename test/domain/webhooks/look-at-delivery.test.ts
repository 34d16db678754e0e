import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fanOut } from '#src/domain/events/fan-out.ts';
import { lookAtDelivery } from '#src/domain/webhooks/look-at-delivery.ts';
import { startTable } from '../../support/dynamo.ts';
import { answered, eventsWorld, jobEvent, type World } from '../../support/events-world.ts';

let started: Awaited<ReturnType<typeof startTable>>;
let world: World;
beforeAll(async () => {
  started = await startTable();
});
afterAll(() => started.stop());
beforeEach(async () => {
  world = eventsWorld(started.table);
  await world.addWebhook();
  await world.commit(jobEvent('job.queued'));
  world.wakes.push(world.organizationId);
});

const lookAtAll = async () => {
  const later = world.clock.now() + 30 * 86_400_000;
  for (const item of await world.due(later)) await lookAtDelivery(item, world.services);
};

describe('the look at a waiting delivery', () => {
  it('sends its message again by doubling steps while nothing comes of it', async () => {
    await fanOut(world.organizationId, world.services);
    world.wakes.length = 0;
    const from = world.clock.now();
    const looks: number[] = [];
    world.services.deliveries.send = async () => void looks.push((world.clock.now() - from) / 1000);
    world.queue.length = 0;

    await world.live(20);

    expect(looks).toEqual([60, 120, 240, 480, 960]);
  });

  it('does nothing where two sweeps look at once', async () => {
    await fanOut(world.organizationId, world.services);
    world.queue.length = 0;
    const [item] = await world.due(world.clock.now() + 60_000);
    if (!item) throw new Error('Nothing is due.');

    await Promise.all([1, 2, 3].map(() => lookAtDelivery(item, world.services)));

    expect(world.queue).toHaveLength(1);
  });

  it('after a restart queues what is near with its delay and leaves what is far', async () => {
    world.receiver.mockReturnValue(answered(500));
    await world.pump();
    world.queue.length = 0; // the queue was lost

    await lookAtAll();
    expect(world.queue.map(({ at }) => at - world.clock.now())).toEqual([5_000]);

    await world.live(6);
    world.queue.length = 0;
    await lookAtAll();
    expect(world.queue).toEqual([]);
  });
});
