import { vi } from 'vitest';
import { type FanOutServices, fanOut } from '#src/domain/events/fan-out.ts';
import { lookAtOutbox } from '#src/domain/events/look-at-outbox.ts';
import { type NewEvent, outbox } from '#src/domain/events/outbox.ts';
import { newId } from '#src/domain/ids.ts';
import type { Post, PostResult } from '#src/domain/webhooks/attempt.ts';
import { type DeliverServices, deliver } from '#src/domain/webhooks/delivery.ts';
import { lookAtDelivery } from '#src/domain/webhooks/look-at-delivery.ts';
import { type DeliveryMessage, parseDelivery } from '#src/domain/webhooks/stored-delivery.ts';
import { type StoredWebhook, webhookItem } from '#src/domain/webhooks/stored-webhook.ts';
import { deliveryKey, duePartition, dueShards, feedKey, kindOfDue, ordered } from '#src/table/keys.ts';
import type { Table } from '#src/table/table.ts';
import { t0 } from './builders.ts';
import { steppedClock } from './services.ts';

export type World = Awaited<ReturnType<typeof eventsWorld>>;
export type Services = FanOutServices & DeliverServices;

export const jobEvent = (type: 'job.queued' | 'job.started' | 'job.succeeded', number = 1): NewEvent => ({
  type,
  job_sequence: number,
  causation: { depth: 0, job_ids: ['job_1'] },
  data: {
    job_id: 'job_1',
    job_type: 'connection_sync',
    status: 'running',
    attempt: 1,
    duration_seconds: null,
    connection_id: 'conn_1',
    pipeline_id: null,
    backfill_id: null,
    sync_id: null,
    metadata: { dag_run_id: 'größe-1.0' },
    metrics: null,
    error: null,
    links: { job: '/api/v1/jobs/job_1' },
  },
});

export const answered = (status: number, extra: object = {}): PostResult => ({
  outcome: 'answered',
  status,
  latencyMs: 12,
  ...extra,
});

type Sent = { at: number; message: DeliveryMessage };
export type Posted = Parameters<Post>[0] & { at: number };

/** An organization of its own on the given table, with a queue, a bus and receivers that tests look into. */
export const eventsWorld = (table: Table) => {
  const clock = steppedClock();
  const organizationId = newId('organization', t0);
  const queue: Sent[] = [];
  const wakes: string[] = [];
  const onBus: string[] = [];
  const posts: Posted[] = [];
  const reports: string[] = [];
  const receiver = vi.fn<(request: Posted) => PostResult | Promise<PostResult>>(() => answered(200));
  const services: Services = {
    table,
    clock,
    vault: { open: async (sealed) => sealed.replace(/^sealed:/, '') },
    post: async (request) => {
      const posted = { ...request, at: clock.now() };
      posts.push(posted);
      return receiver(posted);
    },
    deliveries: {
      send: async (messages) => {
        for (const { delaySeconds = 0, ...message } of messages)
          queue.push({ at: clock.now() + delaySeconds * 1000, message });
      },
    },
    bus: { publish: async (events) => void onBus.push(...events.map(({ body }) => body)) },
    events: { wake: async (id) => void wakes.push(id) },
    report: (fact) => void reports.push(fact),
    random: () => 0.5,
  };

  const addWebhook = async (over: Partial<StoredWebhook> = {}) => {
    const webhook: StoredWebhook = {
      id: newId('webhook', t0),
      url: 'https://hooks.example.com/in',
      events: ['*'],
      enabled: true,
      secret: 'sealed:whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      created_at: t0,
      updated_at: t0,
      version: 1,
      ...over,
    };
    await table.write([{ put: webhookItem(organizationId, webhook) }]);
    return webhook;
  };
  const commit = async (...events: NewEvent[]) => {
    const item = outbox(organizationId, clock.now(), events);
    await table.write([{ put: item }]);
    return item;
  };
  const feed = async () => {
    const { items } = await table.query({ pk: feedKey(organizationId, 0).pk });
    return items.map(({ body }) => ({ body, payload: JSON.parse(String(body)) }));
  };
  const deliveriesOf = async (webhookId: string) => {
    const { items } = await table.query({ pk: deliveryKey(organizationId, webhookId).pk });
    return items.map(parseDelivery);
  };
  const due = async (untilMs = clock.now()) => {
    const shards = Array.from({ length: dueShards }, (_, shard) =>
      table.query({ index: 'due', pk: duePartition(shard), to: ordered(untilMs) }),
    );
    const items = (await Promise.all(shards)).flatMap((page) => page.items);
    return items.filter((item) => kindOfDue(item).organizationId === organizationId);
  };
  const sweep = async () => {
    for (const item of await due()) {
      if (kindOfDue(item).kind === 'outbox') await lookAtOutbox(item, services);
      else await lookAtDelivery(item, services);
    }
  };
  /** Brings every wake-up and every message whose time has come. */
  const pump = async (using: Services = services) => {
    while (wakes.shift()) await fanOut(organizationId, using);
    for (let next = takeDue(queue, clock.now()); next; next = takeDue(queue, clock.now()))
      await deliver(next.message, using);
  };
  /** Lets time pass: queues bring what is due, the sweeper comes by each minute; idle minutes are skipped. */
  const live = async (minutes: number) => {
    const end = clock.now() + minutes * 60_000;
    await pump();
    while (clock.now() < end) {
      const dueTimes = (await due(end)).map(({ due_at }) => Number(due_at));
      const next = Math.min(end, ...dueTimes, ...queue.map(({ at }) => at));
      const minutesOn = Math.max(1, Math.ceil((next - clock.now()) / 60_000));
      clock.step(minutesOn * 60_000);
      await sweep();
      await pump();
    }
  };
  return {
    ...{ table, clock, organizationId, queue, wakes, onBus, posts, reports, receiver, services },
    ...{ addWebhook, commit, feed, deliveriesOf, due, sweep, pump, live },
  };
};

const takeDue = (queue: Sent[], now: number) => {
  const index = queue.findIndex(({ at }) => at <= now);
  return index === -1 ? undefined : queue.splice(index, 1)[0];
};

class Crash extends Error {
  override readonly name = 'Crash';
}

/** The same services in a process that dies at its k-th call to the outside: before it, or with the answer lost. */
export const dyingAt = (services: Services, k: number, mode: 'before' | 'lostReply') => {
  let calls = 0;
  let dead = false;
  const through = async (call: () => unknown) => {
    if (dead) throw new Crash();
    calls++;
    dead = calls === k;
    if (dead && mode === 'before') throw new Crash();
    const result = await call();
    if (dead) throw new Crash();
    return result;
  };
  const guard = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (object, name, receiver) => {
        const value: unknown = Reflect.get(object, name, receiver);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => through(() => Reflect.apply(value, object, args));
      },
    });
  const dying: Services = {
    ...services,
    table: guard(services.table),
    vault: guard(services.vault),
    deliveries: guard(services.deliveries),
    bus: guard(services.bus),
    events: guard(services.events),
    post: (request) => through(() => services.post(request)) as Promise<PostResult>,
  };
  return { services: dying, calls: () => calls, died: () => dead };
};

export const ignoringCrash = async (work: Promise<unknown>) => {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
};
