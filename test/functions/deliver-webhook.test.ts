import type { Context, SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fanOut } from '#src/domain/events/fan-out.ts';
import type { Table } from '#src/table/table.ts';
import { deliverHandler } from '../../functions/webhooks/deliver-webhook.ts';
import { startTable } from '../support/dynamo.ts';
import { eventsWorld, jobEvent, type World } from '../support/events-world.ts';

let started: Awaited<ReturnType<typeof startTable>>;
let world: World;
let bodies: string[];
beforeAll(async () => {
  started = await startTable();
});
afterAll(() => started.stop());
beforeEach(async () => {
  world = eventsWorld(started.table);
  await world.addWebhook({ url: 'https://one.example.com/' });
  await world.addWebhook({ url: 'https://two.example.com/' });
  await world.commit(jobEvent('job.succeeded'));
  await fanOut(world.organizationId, world.services);
  bodies = world.queue.map(({ message }) => JSON.stringify(message));
});

const invoke = (...all: string[]) => {
  const Records = all.map((body, n) => ({ messageId: `m${n + 1}`, body }));
  return deliverHandler(() => world.services)({ Records } as unknown as SQSEvent, {} as Context);
};

describe('deliver-webhook', () => {
  it('acknowledges what it sent, and POSTs a message that is there twice once', async () => {
    expect(await invoke(...bodies, ...bodies)).toEqual({ batchItemFailures: [] });

    expect(world.posts.map(({ url }) => url).toSorted()).toEqual([
      'https://one.example.com/',
      'https://two.example.com/',
    ]);
  });

  it('gives back bad JSON alone; the rest of the batch is sent', async () => {
    expect(await invoke('not json', ...bodies, '{"organization_id":"o"}')).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm1' }, { itemIdentifier: 'm4' }],
    });
    expect(world.posts).toHaveLength(2);
  });

  it('gives back a message whose record could not be read, and sends it when it comes again', async () => {
    const healthy = world.services.table;
    const down: Table = { ...healthy, update: () => Promise.reject(new Error('down')) };
    world.services.table = down;
    const [body = ''] = bodies;

    expect(await invoke(body)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
    world.services.table = healthy;
    expect(await invoke(body)).toEqual({ batchItemFailures: [] });

    expect(world.posts).toHaveLength(1);
  });

  it('gives back a message whose result could not be written, but not for a figure', async () => {
    const healthy = world.services.table;
    const failing = (isRefused: (write: string) => boolean): Table => ({
      ...healthy,
      write: (writes) =>
        isRefused(JSON.stringify(writes)) ? Promise.reject(new Error('down')) : healthy.write(writes),
    });
    const [first = '', second = ''] = bodies;

    world.services.table = failing((write) => write.includes('#REACHED#'));
    expect(await invoke(first)).toEqual({ batchItemFailures: [] });
    world.services.table = failing((write) => write.includes('delivered_at'));
    expect(await invoke(second)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
  });

  it('carries references only: no URL, secret or body', () => {
    expect(Object.keys(JSON.parse(bodies[0] ?? ''))).toEqual([
      'organization_id',
      'webhook_id',
      'delivery_id',
    ]);
  });
});
