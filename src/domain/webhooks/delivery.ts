import * as z from 'zod';
import type { Deliveries } from '#src/domain/events/fan-out.ts';
import type { Report } from '#src/domain/report.ts';
import { feedKey, webhookKey } from '#src/table/keys.ts';
import { ConditionFailed, type Table, type Write } from '#src/table/table.ts';
import { type AttemptServices, attemptPost, type PostResult } from './attempt.ts';
import { type Claimed, claimDelivery } from './claim.ts';
import {
  disableWebhook,
  nextAttemptAt,
  queueDelayMsMax,
  type Recording,
  recordDelivered,
  recordDiscarded,
  recordFailed,
  recordReached,
} from './record-attempt.ts';
import type { DeliveryMessage } from './stored-delivery.ts';
import { StoredWebhook } from './stored-webhook.ts';

export type DeliverServices = AttemptServices & {
  table: Table;
  deliveries: Deliveries;
  events: { wake(organizationId: string): Promise<void> };
  report: Report;
  /** From 0 to 1: spreads the retries. */
  random: () => number;
};

/** After so many claims that ended in nothing, the attempt itself counts as what ends the worker. */
const lostClaimsMax = 3;

const lost: PostResult = {
  outcome: 'failed',
  errorClass: 'worker_lost',
  reason: 'The attempt ended without a result.',
  latencyMs: 0,
};

const FeedBody = z.looseObject({ body: z.string(), expires_at: z.int() });

/**
 * Makes one attempt: claim, POST, record, plan the next. The record decides, so a message that comes twice, late or for
 * something that has ended does nothing. A crash behind the POST leads to one more POST under the same event id.
 */
export const deliver = async (message: DeliveryMessage, services: DeliverServices): Promise<void> => {
  const delivery = await claimDelivery(message, services);
  if (!delivery) return services.report('delivery_ignored', message);

  const [feed, webhook] = await readParts(delivery, services.table);
  if (!webhook?.enabled) {
    return discard(delivery, webhook ? 'the webhook is disabled' : 'the webhook is deleted', services);
  }
  if (!feed || feed.expires_at <= services.clock.now()) {
    return discard(delivery, 'the event has expired', services);
  }

  const { organization_id: organizationId, event_id: eventId } = delivery;
  const shipment = { organizationId, eventId, body: feed.body, webhook };
  const result = delivery.claims > lostClaimsMax ? lost : await attemptPost(shipment, services);
  const recording = { delivery, result, now: services.clock.now(), random: services.random };
  await record(recording, message, services);
};

const readParts = async ({ organization_id, webhook_id, sequence }: Claimed, table: Table) => {
  const [feed, webhook] = await Promise.all([
    table.get(feedKey(organization_id, sequence)),
    table.get(webhookKey(organization_id, webhook_id)),
  ]);
  return [feed && FeedBody.parse(feed), webhook && StoredWebhook.parse(webhook)] as const;
};

/** Writes what an attempt led to; nothing where the claim has passed to somebody else. */
const tookEffect = async (table: Table, writes: readonly Write[]) => {
  try {
    await table.write(writes);
    return true;
  } catch (error) {
    if (error instanceof ConditionFailed) return false;
    throw error;
  }
};

const discard = async (delivery: Claimed, reason: string, { table, report }: DeliverServices) => {
  await tookEffect(table, [recordDiscarded(delivery, reason)]);
  report('delivery_discarded', { delivery_id: delivery.id, reason });
};

const record = async (recording: Recording, message: DeliveryMessage, services: DeliverServices) => {
  const { result } = recording;
  const status = result.outcome === 'answered' ? result.status : 0;
  if (status >= 200 && status <= 299) {
    const [delivered] = await Promise.allSettled([
      tookEffect(services.table, [recordDelivered({ ...recording, status })]),
      tookEffect(services.table, [recordReached(recording)]), // a figure: it never costs a second POST
    ]);
    if (delivered.status === 'rejected') throw delivered.reason;
    return;
  }
  if (status === 410 && (await endWithWebhook(recording, services))) return;
  await planNext(recording, message, services);
};

/** False where the webhook was disabled or deleted meanwhile: then only the delivery ends. */
const endWithWebhook = async (recording: Recording, { table, events, report }: DeliverServices) => {
  const { organization_id, webhook_id } = recording.delivery;
  const ended = await tookEffect(table, [
    ...recordFailed(recording, undefined),
    ...disableWebhook(recording),
  ]);
  if (!ended) return false;
  report('webhook_disabled', { webhook_id, reason: 'gone' });
  await Promise.allSettled([events.wake(organization_id)]);
  return true;
};

const planNext = async (recording: Recording, message: DeliveryMessage, services: DeliverServices) => {
  const nextAt = nextAttemptAt(recording);
  if (!(await tookEffect(services.table, recordFailed(recording, nextAt)))) return;
  if (nextAt === undefined) return services.report('delivery_exhausted', message);
  const delayMs = nextAt - recording.now;
  if (delayMs > queueDelayMsMax) return; // the sweeper sends it
  await Promise.allSettled([
    services.deliveries.send([{ ...message, delaySeconds: Math.ceil(delayMs / 1000) }]),
  ]);
};
