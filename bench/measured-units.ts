import { meteredWorld } from './metered-world.ts';
import { deliverAll, lifeSteps, oneSync, type Step, subscribe } from './one-sync.ts';
import { totalOf } from './unit-meter.ts';

const lifeOf = (steps: readonly Step[]) =>
  totalOf(steps.slice(0, lifeSteps).flatMap(({ charges }) => charges));

/** One sync without listeners, with metadata and `bare` without, and what one delivery of an event adds: both counted on the embedded table. */
export const measureUnits = async () => {
  const world = await meteredWorld();
  try {
    await oneSync(world); // the connection's first: its STATE does not exist yet
    const steps = await oneSync(world);
    const bare = lifeOf(await oneSync(world, {}));
    await subscribe(world);
    const heard = await oneSync(world);
    const events = world.sent.length;
    const deliveries = await deliverAll(world);
    const [alone, together, sending] = [lifeOf(steps), lifeOf(heard), totalOf(deliveries)];
    const delivery = {
      reads: (together.reads - alone.reads + sending.reads) / events,
      writes: (together.writes - alone.writes + sending.writes) / events,
    };
    return { steps, life: alone, bare, delivery, deliveries, events };
  } finally {
    await world.close();
  }
};
