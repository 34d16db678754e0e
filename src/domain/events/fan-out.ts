import * as z from 'zod';
import type { Clock } from '#src/domain/clock.ts';
import { Failure } from '#src/domain/failure.ts';
import type { Report } from '#src/domain/report.ts';
import { type DeliveryMessage, messageOf } from '#src/domain/webhooks/stored-delivery.ts';
import { parseWebhooks } from '#src/domain/webhooks/stored-webhook.ts';
import { feedHeadKey, outboxKey, webhookKey } from '#src/table/keys.ts';
import { ConditionFailed, Contended, type Item, type Table } from '#src/table/table.ts';
import type { NumberedEvent } from './feed.ts';
import { type Numbering, numberEvents, type Round } from './number-events.ts';
import { isRefusal, refuse } from './refusal.ts';

/** Queues delivery messages, a delayed one where `delaySeconds` says so; what is not taken is left to `due`. */
export type Deliveries = {
  send(messages: readonly (DeliveryMessage & { delaySeconds?: number })[]): Promise<void>;
};
/** Puts events on the deployment's event bus, best effort: the feed is the truth. */
export type Bus = { publish(events: readonly NumberedEvent[]): Promise<void> };

export type FanOutServices = { table: Table; clock: Clock; deliveries: Deliveries; bus: Bus; report: Report };

const pageMax = 50;
const clashesMax = 12;
/** Under the function's 10 s, so that it ends by itself. */
const runMsMax = 7_000;

/** How a run stands: which items it has seen refused, and whether it looks for the one to blame. */
type Run = { refused: Set<string>; clashes: number; alone: boolean };

/**
 * Gives the organization's waiting events their numbers, puts feed items, list entries and deliveries, and sends them.
 * Safe to run twice, late, or beside itself: the head and the outbox items decide. What it leaves, `due` brings again.
 * @throws Failure `dependency_down` when the store cannot be reached.
 */
export const fanOut = async (organizationId: string, services: FanOutServices): Promise<void> => {
  const startedAt = services.clock.now();
  const run: Run = { refused: new Set(), clashes: 0, alone: false };
  while (run.clashes <= clashesMax && services.clock.now() - startedAt < runMsMax) {
    const round = await readRound(organizationId, run.refused, services);
    if (round.outbox.length === 0) return;
    await step(run, round, services);
  }
  services.report('events_postponed', { organization_id: organizationId });
};

const step = async (run: Run, round: Round, services: FanOutServices) => {
  const outbox = run.alone ? round.outbox.slice(0, 1) : round.outbox;
  const outcome = await numberBatch({ ...round, outbox }, services);
  if (outcome === 'clashed') await services.clock.sleep(jitterMs(run.clashes++));
  if (outcome !== 'refused') return;
  const [blamed, ...others] = outbox;
  run.alone = others.length > 0; // one of several is to blame: find out which
  if (run.alone || !blamed) return;
  run.refused.add(blamed.sk);
  await refuse(round.organizationId, blamed, services);
};

const jitterMs = (clashes: number) =>
  (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % Math.min(10 * 2 ** clashes, 400);

const Head = z.object({ sequence: z.int() });

/** Strong reads of everything that the numbering depends on. */
const readRound = async (
  organizationId: string,
  refused: ReadonlySet<string>,
  { table, clock }: FanOutServices,
): Promise<Round> => {
  const now = clock.now();
  const [outbox, head, webhooks] = await Promise.all([
    table.query({ pk: outboxKey(organizationId).pk, limit: pageMax + refused.size }),
    table.get(feedHeadKey(organizationId)),
    table.query({ pk: webhookKey(organizationId).pk, prefix: 'wh_' }),
  ]);
  const isDue = ({ sk, retry_at }: Item) => !refused.has(sk) && !(Number(retry_at) > now);
  return {
    organizationId,
    now,
    sequence: head ? Head.parse(head).sequence : 0,
    outbox: outbox.items.filter(isDue),
    webhooks: parseWebhooks(webhooks.items),
  };
};

const numberBatch = async (round: Round, services: FanOutServices) => {
  try {
    const numbering = numberEvents(round);
    await services.table.write(numbering.writes);
    await sendOut(numbering, services);
    return 'numbered';
  } catch (error) {
    if (error instanceof ConditionFailed || error instanceof Contended) return 'clashed';
    if (error instanceof Failure || !isRefusal(error)) throw error;
    return 'refused';
  }
};

/** After the commit nothing here may fail the numbering: deliveries have their `due`, the bus is best effort. */
const sendOut = async ({ events, deliveries }: Numbering, services: FanOutServices) => {
  const sent = await Promise.allSettled([
    services.deliveries.send(deliveries.map(messageOf)),
    services.bus.publish(events),
  ]);
  for (const outcome of sent) {
    if (outcome.status === 'rejected') services.report('send_failed', { reason: String(outcome.reason) });
  }
};
