import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { deliver } from '#src/domain/webhooks/delivery.ts';
import { deliveryKey, failureKey, feedKey, webhookKey } from '#src/table/keys.ts';
import { startTable } from '../../support/dynamo.ts';
import {
  answered,
  dyingAt,
  eventsWorld,
  ignoringCrash,
  jobEvent,
  type World,
} from '../../support/events-world.ts';

let started: Awaited<ReturnType<typeof startTable>>;
let world: World;
beforeAll(async () => {
  started = await startTable();
});
afterAll(() => started.stop());
beforeEach(() => {
  world = eventsWorld(started.table);
});

/** A webhook with one delivery whose message waits in the queue. */
const aDelivery = async () => {
  const webhook = await world.addWebhook();
  await world.commit(jobEvent('job.succeeded'));
  await world.services.events.wake(world.organizationId);
  const held = world.services.deliveries.send;
  world.services.deliveries.send = async () => {};
  await world.pump();
  world.services.deliveries.send = held;
  const only = async () => {
    const [delivery] = await world.deliveriesOf(webhook.id);
    if (!delivery) throw new Error('There is no delivery.');
    return delivery;
  };
  const { id } = await only();
  const message = { organization_id: world.organizationId, webhook_id: webhook.id, delivery_id: id };
  return { webhook, only, message, send: () => deliver(message, world.services) };
};

describe('a delivery', () => {
  it('sends the feed item byte for byte, signed so that any Standard Webhooks library verifies it', async () => {
    const { send, only } = await aDelivery();
    await send();

    const [feed] = await world.feed();
    const [post] = world.posts;
    expect(post?.body).toBe(feed?.body);
    expect(post?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'Planasonix-Webhooks/1',
      'X-Planasonix-Causation': '{"depth":0,"job_ids":["job_1"]}',
      'webhook-id': feed?.payload.id,
      'X-Planasonix-Signature': expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
    });
    vi.useFakeTimers({ toFake: ['Date'], now: world.clock.now() });
    new Webhook('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw').verify(post?.body ?? '', { ...post?.headers });
    vi.useRealTimers();
    expect(await only()).toMatchObject({ status: 'delivered', http_status: 200, attempt: 1 });
  });

  it('leaves nothing to look for once it is delivered', async () => {
    const { send } = await aDelivery();

    await send();
    world.clock.step(86_400_000);

    expect(await world.due()).toEqual([]);
  });

  it('records what failed and plans the next attempt', async () => {
    const { send, only } = await aDelivery();
    world.receiver.mockReturnValue(answered(503, { excerpt: 'no room' }));

    await send();

    expect(await only()).toMatchObject({
      status: 'failed',
      attempt: 1,
      http_status: 503,
      last_error: 'HTTP 503',
      next_attempt_at: world.clock.now() + 5_000,
      attempts: [
        {
          at: '2030-01-01T00:00:00.000Z',
          http_status: 503,
          latency_ms: 12,
          error_class: null,
          excerpt: 'no room',
        },
      ],
    });
    expect(world.queue.map(({ at }) => at - world.clock.now())).toEqual([5_000]);
  });

  it('J1 an answer that we never saw is a failure: the same id and bytes again, a fresh signature', async () => {
    const { only, send } = await aDelivery();
    world.receiver.mockReturnValueOnce({
      outcome: 'failed',
      errorClass: 'reset',
      reason: 'The connection was closed before the answer was complete.',
      latencyMs: 3,
    });

    await send();
    expect(await only()).toMatchObject({ status: 'failed', attempts: [{ error_class: 'reset' }] });
    await world.live(1);

    const [first, second] = world.posts;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature']);
    expect(await only()).toMatchObject({ status: 'delivered', attempt: 2 });
  });

  it('J2 two endpoints have independent records, of one event id', async () => {
    const good = await world.addWebhook({ url: 'https://good.example.com/' });
    const bad = await world.addWebhook({ url: 'https://bad.example.com/' });
    world.receiver.mockImplementation(({ url }) => answered(url.includes('bad') ? 500 : 200));
    await world.commit(jobEvent('job.succeeded'));
    world.wakes.push(world.organizationId);

    await world.live(8);

    expect(await world.deliveriesOf(good.id)).toMatchObject([{ status: 'delivered', attempt: 1 }]);
    expect(await world.deliveriesOf(bad.id)).toMatchObject([{ status: 'failed', attempt: 3 }]);
    expect(new Set(world.posts.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(world.posts.map(({ body }) => body)).size).toBe(1);
  });

  it('J10 J12 keeps to the plan for ten attempts, none too early, and is then exhausted', async () => {
    const { only, send } = await aDelivery();
    world.receiver.mockReturnValue(answered(500));

    await send();
    await world.live(78 * 60);

    const waits = world.posts.slice(1).map(({ at }, n) => at - (world.posts[n]?.at ?? 0));
    const plan = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
    expect(waits).toHaveLength(9);
    for (const [n, seconds] of plan.entries()) {
      expect(waits[n]).toBeGreaterThanOrEqual(seconds * 1000);
      expect(waits[n]).toBeLessThanOrEqual(seconds * 1000 + 120_000);
    }
    const delivery = await only();
    expect(delivery).toMatchObject({ status: 'exhausted', attempt: 10 });
    expect(delivery.attempts).toHaveLength(10);
    expect(world.reports.filter((fact) => fact === 'delivery_exhausted')).toHaveLength(1);
    expect(await world.due()).toEqual([]);
  });

  it('J11 a receiver may slow us down up to twice the plan', async () => {
    const { only, send } = await aDelivery();
    world.receiver.mockReturnValue(answered(429, { retryAfter: '3600' }));

    await send();

    expect((await only()).next_attempt_at).toBe(world.clock.now() + 10_000);
  });

  it('410 disables the webhook, with an event for the others', async () => {
    const { webhook, send, only } = await aDelivery();
    const other = await world.addWebhook({ events: ['webhook.disabled'] });
    world.receiver.mockReturnValueOnce(answered(410));

    await send();
    await world.live(1);

    const stored = await world.table.get(webhookKey(world.organizationId, webhook.id));
    expect(stored).toMatchObject({ enabled: false, disabled_reason: 'gone', version: 2 });
    expect(await only()).toMatchObject({ status: 'exhausted', attempt: 1, last_error: 'HTTP 410' });
    expect((await world.feed())[1]?.payload).toMatchObject({
      type: 'webhook.disabled',
      data: { webhook_id: webhook.id, reason: 'gone' },
    });
    expect(await world.deliveriesOf(other.id)).toMatchObject([{ status: 'delivered' }]);
    expect(await world.deliveriesOf(webhook.id)).toHaveLength(1);
  });

  it('410 twice at once disables once and ends both deliveries', async () => {
    const webhook = await world.addWebhook({ events: ['job.*'] });
    await world.commit(jobEvent('job.queued'), jobEvent('job.started', 2));
    world.wakes.push(world.organizationId);
    world.receiver.mockReturnValue(answered(410));
    const held = world.services.deliveries.send;
    const messages: Parameters<typeof held>[0][number][] = [];
    world.services.deliveries.send = async (all) => void messages.push(...all);
    await world.pump();

    await Promise.all(messages.map((message) => deliver(message, world.services)));
    await world.live(1);

    const statuses = (await world.deliveriesOf(webhook.id)).map(({ status }) => status);
    expect(statuses).toEqual(['exhausted', 'exhausted']);
    const disabled = (await world.feed()).filter(({ payload }) => payload.type === 'webhook.disabled');
    expect(disabled).toHaveLength(1);
  });

  it.each([
    ['deleted', 'Discarded: the webhook is deleted.'],
    ['disabled', 'Discarded: the webhook is disabled.'],
  ])('is discarded with its reason where the webhook was %s', async (how, reason) => {
    const { webhook, only, send } = await aDelivery();
    const key = webhookKey(world.organizationId, webhook.id);
    await world.table.write([how === 'deleted' ? { delete: key } : { update: key, set: { enabled: false } }]);

    await send();

    expect(world.posts).toEqual([]);
    expect(await only()).toMatchObject({ status: 'exhausted', attempt: 0, last_error: reason });
    expect(await world.due()).toEqual([]);
  });

  it('is discarded where its event has expired', async () => {
    const { only, send } = await aDelivery();
    await world.table.write([{ delete: feedKey(world.organizationId, 1) }]);

    await send();

    expect(world.posts).toEqual([]);
    expect(await only()).toMatchObject({ last_error: 'Discarded: the event has expired.' });
  });

  it('F2 a second message while the first is at work does nothing', async () => {
    const { send, only } = await aDelivery();
    let answer: (result: ReturnType<typeof answered>) => void = () => {};
    world.receiver.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    const first = send();
    while (world.posts.length === 0) await new Promise(setImmediate);

    await send();
    await send();
    answer(answered(200));
    await first;

    expect(world.posts).toHaveLength(1);
    expect(await only()).toMatchObject({ status: 'delivered', attempt: 1 });
    expect(world.reports).toEqual(['delivery_ignored', 'delivery_ignored']);
  });

  it('F2 a claim that outlived its worker is free after a minute, and the late result changes nothing', async () => {
    const { send, only } = await aDelivery();
    let answer: (result: ReturnType<typeof answered>) => void = () => {};
    world.receiver.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    const slow = send();
    while (world.posts.length === 0) await new Promise(setImmediate);
    world.clock.step(60_001);

    await send();
    answer(answered(500));
    await slow;

    expect(await only()).toMatchObject({ status: 'delivered', attempt: 1 });
  });

  it('F2 two messages at the same moment lead to one POST', async () => {
    const { send } = await aDelivery();

    await Promise.all([send(), send(), send(), send()]);

    expect(world.posts).toHaveLength(1);
  });

  it('F3 an old message for a delivery that is done, exhausted or gone is a no-op', async () => {
    const { send, message, only } = await aDelivery();
    await send();
    const done = await only();
    world.clock.step(10 * 86_400_000);

    await send();
    await deliver({ ...message, delivery_id: 'whd_01jq8k2m3n4p5q6r7s8t9v0w1x' }, world.services);
    const key = deliveryKey(world.organizationId, message.webhook_id, message.delivery_id);
    await world.table.write([{ update: key, set: { status: 'exhausted' } }]);
    await send();

    expect(world.posts).toHaveLength(1);
    expect(await only()).toEqual({ ...done, status: 'exhausted' });
    expect(world.reports).toEqual(['delivery_ignored', 'delivery_ignored', 'delivery_ignored']);
  });

  it('a message before its time does nothing', async () => {
    const { send, only } = await aDelivery();
    world.receiver.mockReturnValueOnce(answered(500));
    await send();
    world.clock.step(4_999);

    await send();

    expect(world.posts).toHaveLength(1);
    expect((await only()).attempt).toBe(1);
  });

  it('a secret that cannot be opened is a failed attempt, and never a POST', async () => {
    const { send, only } = await aDelivery();
    world.services.vault.open = () => Promise.reject(new Error('the key is disabled'));

    await send();

    expect(world.posts).toEqual([]);
    expect(await only()).toMatchObject({ status: 'failed', attempts: [{ error_class: 'internal' }] });
    expect(JSON.stringify(await only())).not.toContain('key is disabled');
  });

  it('an attempt that kills its worker each time counts as failed after three times', async () => {
    const { message, only, send } = await aDelivery();
    const dying = { ...world.services, post: () => new Promise<never>(() => {}) };
    for (let n = 0; n < 3; n++) {
      void deliver(message, dying);
      while ((await only()).claims !== n + 1) await new Promise(setImmediate);
      world.clock.step(60_001);
    }

    await send();

    expect(world.posts).toEqual([]);
    expect(await only()).toMatchObject({ attempt: 1, attempts: [{ error_class: 'worker_lost' }] });
  });

  it.each(['before', 'lostReply'] as const)(
    'E11 a crash at any step (%s): at most one more POST with the same id, and the schedule goes on',
    async (mode) => {
      let k = 0;
      for (let died = true; died; ) {
        world = eventsWorld(started.table);
        const { message, only } = await aDelivery();
        world.receiver.mockReturnValueOnce(answered(500));
        const dying = dyingAt(world.services, ++k, mode);
        await ignoringCrash(deliver(message, dying.services));
        died = dying.died();

        await world.live(12);

        const ids = world.posts.map(({ headers }) => headers['webhook-id']);
        expect(new Set(ids).size).toBe(1);
        expect(ids.length).toBeLessThanOrEqual(3);
        const delivery = await only();
        expect(delivery.status).toBe('delivered');
        expect(delivery.attempt).toBe(delivery.attempts.length);
        expect(await world.due()).toEqual([]);
      }
      expect(k).toBeGreaterThan(6);
    },
  );

  it('marks each failed attempt for the figures of its webhook', async () => {
    const { webhook, send } = await aDelivery();
    world.receiver.mockReturnValueOnce(answered(500)).mockReturnValueOnce(answered(500));

    await send();
    await world.live(8);

    const { pk } = failureKey(world.organizationId, webhook.id, 0);
    expect((await world.table.query({ pk })).items).toHaveLength(2);
  });
});
