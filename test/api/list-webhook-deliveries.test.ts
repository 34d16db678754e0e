import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cursorSecretKey } from '#src/table/keys.ts';
import { getWebhook } from '../../functions/api/webhooks/get-webhook.ts';
import { listWebhookDeliveries } from '../../functions/api/webhooks/list-webhook-deliveries.ts';
import { call } from '../support/call.ts';
import { startTable } from '../support/dynamo.ts';
import { answered, eventsWorld, jobEvent, type World } from '../support/events-world.ts';
import { testServices } from '../support/services.ts';

let started: Awaited<ReturnType<typeof startTable>>;
let world: World;
let webhookId: string;
beforeAll(async () => {
  started = await startTable();
});
afterAll(() => started.stop());
beforeEach(async () => {
  world = eventsWorld(started.table);
  ({ id: webhookId } = await world.addWebhook());
  const secret = Buffer.alloc(32, 7).toString('base64');
  await started.table.write([{ put: { ...cursorSecretKey(world.organizationId), secret } }]);
});

const ask = (query: Record<string, string> = {}) => {
  const services = { ...testServices(started.table), clock: world.clock };
  const { organizationId } = world;
  return call(listWebhookDeliveries, services, { organizationId, params: { webhookId }, query });
};
const figures = async () => {
  const services = { ...testServices(started.table), clock: world.clock };
  const { organizationId } = world;
  const { body } = await call(getWebhook, services, { organizationId, params: { webhookId } });
  return [body.data.last_delivery_at, body.data.failure_count_24h];
};
const happen = async (type: 'job.queued' | 'job.started' | 'job.succeeded', status: number) => {
  world.receiver.mockReturnValueOnce(answered(status));
  await world.commit(jobEvent(type));
  world.wakes.push(world.organizationId);
  await world.pump();
  world.clock.step(1_000);
};
const sequence = (answer: { body: { data: { event: string; status: string }[] } }) =>
  answer.body.data.map(({ event, status }) => `${event} ${status}`);

describe('GET /api/v1/webhooks/{webhookId}/deliveries', () => {
  it('200 shows what was sent, newest first', async () => {
    await happen('job.queued', 200);
    await happen('job.started', 503);

    const { status, body } = await ask();

    expect(status).toBe(200);
    const feed = await world.feed();
    expect(body.data).toEqual([
      {
        id: expect.stringMatching(/^whd_/),
        event: 'job.started',
        event_id: feed[1]?.payload.id,
        status: 'failed',
        http_status: 503,
        attempt: 1,
        last_error: 'HTTP 503',
        created_at: '2030-01-01T00:00:01.000Z',
        next_attempt_at: '2030-01-01T00:00:06.000Z',
        delivered_at: null,
        test: false,
      },
      {
        id: expect.stringMatching(/^whd_/),
        event: 'job.queued',
        event_id: feed[0]?.payload.id,
        status: 'delivered',
        http_status: 200,
        attempt: 1,
        last_error: null,
        created_at: '2030-01-01T00:00:00.000Z',
        next_attempt_at: null,
        delivered_at: '2030-01-01T00:00:00.000Z',
        test: false,
      },
    ]);
  });

  it('200 filters by status, event and time', async () => {
    await happen('job.queued', 200);
    await happen('job.started', 500);
    await happen('job.succeeded', 410);

    expect(sequence(await ask({ status: 'failed,exhausted' }))).toEqual([
      'job.succeeded exhausted',
      'job.started failed',
    ]);
    expect(sequence(await ask({ event: 'job.queued' }))).toEqual(['job.queued delivered']);
    expect(sequence(await ask({ since: '2030-01-01T00:00:01Z', until: '2030-01-01T00:00:02Z' }))).toEqual([
      'job.started failed',
    ]);
    expect(sequence(await ask({ since: '2030-01-02T00:00:00Z', until: '2030-01-01T00:00:00Z' }))).toEqual([]);
  });

  it('200 pages without a gap or a double while new ones come', async () => {
    for (let n = 0; n < 5; n++) await happen('job.queued', 200);
    const all = (await ask()).body.data.map(({ id }: { id: string }) => id);

    const first = await ask({ limit: '2' });
    await happen('job.started', 200);
    const second = await ask({ limit: '2', cursor: first.body.meta.page.cursor });
    const third = await ask({ limit: '2', cursor: second.body.meta.page.cursor });

    const paged = [first, second, third].flatMap(({ body }) => body.data.map(({ id }: { id: string }) => id));
    expect(paged).toEqual(all);
    expect(third.body.meta.page.cursor).toBeNull();
  });

  it('200 leaves out what has expired', async () => {
    await happen('job.queued', 200);
    world.clock.step(30 * 86_400_000);

    expect((await ask()).body.data).toEqual([]);
  });

  it.each([
    { status: 'sent' },
    { event: 'job.done' },
    { since: 'yesterday' },
    { limit: '101' },
    { sort: 'id' },
  ])('400 for %j', async (query) => {
    expect((await ask(query as Record<string, string>)).status).toBe(400);
  });

  it('404 for an unknown webhook', async () => {
    webhookId = 'wh_01jq8k2m3n4p5q6r7s8t9v0w1x';

    expect((await ask()).status).toBe(404);
  });
});

describe('the figures of a webhook', () => {
  it('tells when it was last reached and how many attempts failed in 24 hours', async () => {
    expect(await figures()).toEqual([null, 0]);

    await happen('job.queued', 500);
    expect(await figures()).toEqual([null, 1]);
    await happen('job.started', 200);
    expect(await figures()).toEqual(['2030-01-01T00:00:01.000Z', 1]);
    world.clock.step(86_400_000);
    expect(await figures()).toEqual(['2030-01-01T00:00:01.000Z', 0]);
  });
});
