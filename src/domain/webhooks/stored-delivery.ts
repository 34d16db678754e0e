import * as z from 'zod';
import { isoTime } from '#src/domain/clock.ts';
import { EventType } from '#src/domain/events/event.ts';
import { type NumberedEvent, retentionMs } from '#src/domain/events/feed.ts';
import { newId } from '#src/domain/ids.ts';
import { deliveryKey, dueKey } from '#src/table/keys.ts';
import type { Item } from '#src/table/table.ts';
import { DeliveryStatus, type WebhookDelivery } from './webhook.ts';

/** What the deliveries queue carries: a reference, so that the record decides and no secret travels. */
export const DeliveryMessage = z.object({
  organization_id: z.string(),
  webhook_id: z.string(),
  delivery_id: z.string(),
});
export type DeliveryMessage = z.output<typeof DeliveryMessage>;

export const Attempt = z.object({
  at: z.string(),
  http_status: z.int().nullable(),
  latency_ms: z.number(),
  error_class: z.string().nullable(),
  excerpt: z.string().nullable(),
});
export type Attempt = z.output<typeof Attempt>;

/** A delivery as the table holds it; its body is the feed item's, so that every endpoint gets the same bytes. */
export const StoredDelivery = z.object({
  id: z.string(),
  organization_id: z.string(),
  webhook_id: z.string(),
  event: EventType,
  event_id: z.string(),
  sequence: z.int(),
  status: DeliveryStatus,
  /** How many attempts have ended. */
  attempt: z.int(),
  attempts: z.array(Attempt).default([]),
  http_status: z.int().optional(),
  last_error: z.string().optional(),
  created_at: z.int(),
  next_attempt_at: z.int().optional(),
  delivered_at: z.int().optional(),
  expires_at: z.int(),
  /** Who sends it now, until when nobody else may, and how many claims have not led to a recorded attempt. */
  claim: z.string().optional(),
  claim_until: z.int().optional(),
  claims: z.int().default(0),
  look_ms: z.int().optional(),
});
export type StoredDelivery = z.output<typeof StoredDelivery>;

export const parseDelivery = (item: Item) => StoredDelivery.parse(item);

export const keyOfDelivery = (delivery: StoredDelivery) =>
  deliveryKey(delivery.organization_id, delivery.webhook_id, delivery.id);

/** How long after an attempt's time the sweeper sends the message again that the queue should have brought. */
export const graceMs = 30_000;

type New = { organizationId: string; webhookId: string; event: NumberedEvent; now: number };

/** The record of one event for one webhook, put in the transaction that numbers the event. */
export const newDelivery = ({ organizationId, webhookId, event, now }: New): Item => {
  const id = newId('delivery', now);
  const delivery: z.input<typeof StoredDelivery> = {
    id,
    organization_id: organizationId,
    webhook_id: webhookId,
    event: event.type,
    event_id: event.id,
    sequence: event.sequence,
    status: 'pending',
    attempt: 0,
    created_at: now,
    next_attempt_at: now,
    expires_at: now + retentionMs,
  };
  return {
    ...deliveryKey(organizationId, webhookId, id),
    ...delivery,
    ttl: Math.ceil((now + retentionMs) / 1000),
    ...dueKey(id, now + graceMs),
  };
};

export const messageOf = (item: Item): DeliveryMessage => {
  const { organization_id, webhook_id, id } = parseDelivery(item);
  return { organization_id, webhook_id, delivery_id: id };
};

const timeOrNull = (epochMs: number | undefined) => (epochMs === undefined ? null : isoTime(epochMs));

export const presentDelivery = (delivery: StoredDelivery): WebhookDelivery => ({
  id: delivery.id,
  event: delivery.event,
  event_id: delivery.event_id,
  status: delivery.status,
  http_status: delivery.http_status ?? null,
  attempt: delivery.attempt,
  last_error: delivery.last_error ?? null,
  created_at: isoTime(delivery.created_at),
  next_attempt_at: timeOrNull(delivery.next_attempt_at),
  delivered_at: timeOrNull(delivery.delivered_at),
  test: false,
});
