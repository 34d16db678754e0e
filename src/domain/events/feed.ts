import { feedKey } from '#src/table/keys.ts';
import type { Item } from '#src/table/table.ts';
import { type EventType, payloadOf } from './event.ts';
import type { OutboxEvent } from './outbox-event.ts';

/** Events and deliveries are kept this long; the table's TTL comes later, so every reader compares. */
export const retentionMs = 30 * 24 * 3_600_000;

const bodyBytesMax = 64 * 1024;

/** An event with its number and the exact bytes that everybody gets. */
export type NumberedEvent = { id: string; type: EventType; sequence: number; body: string };

/** An event that its own content keeps from being numbered. */
export class EventRefused extends Error {
  override readonly name = 'EventRefused';
}

/** Builds the payload once and for all. @throws EventRefused where it breaks its schema or is too large. */
export const numbered = (organizationId: string, event: OutboxEvent, sequence: number): NumberedEvent => {
  const { id, type, created_at, job_sequence, causation, data } = event;
  const payload = payloadOf(type).safeParse({
    id,
    type,
    created_at,
    ...(job_sequence !== undefined && { job_sequence }),
    organization_id: organizationId,
    causation,
    sequence,
    data,
  });
  if (!payload.success) throw new EventRefused(`Event ${id} is invalid.`, { cause: payload.error });
  const body = JSON.stringify(payload.data);
  if (Buffer.byteLength(body) > bodyBytesMax) throw new EventRefused(`Event ${id} is larger than 64 KB.`);
  return { id, type, sequence, body };
};

export const feedItem = (organizationId: string, event: NumberedEvent, now: number): Item => ({
  ...feedKey(organizationId, event.sequence),
  ...event,
  expires_at: now + retentionMs,
  ttl: Math.ceil((now + retentionMs) / 1000),
});
