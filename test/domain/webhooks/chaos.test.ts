import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliver } from '#src/domain/webhooks/delivery.ts';
import { startTable } from '../../support/dynamo.ts';
import { answered, eventsWorld, jobEvent } from '../../support/events-world.ts';

let started: Awaited<ReturnType<typeof startTable>>;
beforeAll(async () => {
  started = await startTable();
});
afterAll(() => started.stop());

const lost = { outcome: 'failed', errorClass: 'reset', reason: 'Lost.', latencyMs: 1 } as const;
const mood = fc.constantFrom(answered(200), answered(500), answered(429), lost);

const scenario = fc.record({
  events: fc.integer({ min: 1, max: 4 }),
  moods: fc.array(mood, { maxLength: 8 }),
  copies: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 8 }),
  order: fc.array(fc.nat(), { minLength: 1, maxLength: 8 }),
});

describe('the queue at its worst', () => {
  it('F6 INV3 INV4 messages lost, doubled, re-ordered and all at once: each delivery ends once, in equal bytes', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ events, moods, copies, order }) => {
        const world = eventsWorld(started.table);
        const hooks = [await world.addWebhook(), await world.addWebhook()];
        const answers = [...moods];
        world.receiver.mockImplementation(() => answers.shift() ?? answered(200));
        for (let n = 0; n < events; n++) await world.commit(jobEvent('job.started', n + 1));
        world.wakes.push(world.organizationId, world.organizationId);
        let sent = 0;
        const { send } = world.services.deliveries;
        world.services.deliveries.send = async (messages) => {
          const doubled = messages.flatMap((one) =>
            Array<typeof one>(copies[sent++ % copies.length] ?? 1).fill(one),
          );
          await send(
            doubled.toSorted(
              (_, b) => ((order[sent % order.length] ?? 0) % 2 ? 1 : -1) * b.delivery_id.length,
            ),
          );
        };

        for (let round = 0; round < 3; round++) {
          await world.pump();
          await Promise.all(world.queue.splice(0).map(({ message }) => deliver(message, world.services)));
          world.clock.step(40_000);
        }
        world.services.deliveries.send = send;
        await world.live(60 * 60);

        const all = (await Promise.all(hooks.map(({ id }) => world.deliveriesOf(id)))).flat();
        expect(all.map(({ status }) => status)).toEqual(Array(events * 2).fill('delivered'));
        expect(all.reduce((total, { attempt }) => total + attempt, 0)).toBe(world.posts.length);
        const bodies = Map.groupBy(world.posts, ({ headers }) => headers['webhook-id']);
        for (const posts of bodies.values()) expect(new Set(posts.map(({ body }) => body)).size).toBe(1);
        expect(bodies.size).toBe(events);
      }),
      { numRuns: 15 },
    );
  }, 60_000);
});
