import * as z from 'zod';
import { newDelivery } from '#src/domain/webhooks/stored-delivery.ts';
import type { StoredWebhook } from '#src/domain/webhooks/stored-webhook.ts';
import { matchesEvent } from '#src/domain/webhooks/webhook.ts';
import { feedHeadKey } from '#src/table/keys.ts';
import { type Item, type Key, orAbsent, type Write } from '#src/table/table.ts';
import { EventRefused, feedItem, type NumberedEvent, numbered } from './feed.ts';
import type { OutboxEvent } from './outbox-event.ts';
import { packEvents, unpackEvents } from './packing.ts';

/** What one transaction may hold, with room under DynamoDB's 100 actions and 4 MB. */
const actionsMax = 90;
const bytesMax = 3_000_000;
/** Stands for keys and small attributes of one item. */
const itemBytes = 1_000;

/** What fan-out has read: the last number given, the outbox items in order, and who listens. */
export type Round = {
  organizationId: string;
  sequence: number;
  outbox: readonly Item[];
  webhooks: readonly StoredWebhook[];
  now: number;
};

export type Numbering = { writes: Write[]; events: NumberedEvent[]; deliveries: Item[] };

type Part = { event: NumberedEvent; writes: Write[]; deliveries: Item[]; bytes: number };

const Waiting = z.looseObject({
  pk: z.string(),
  sk: z.string(),
  left: z.int(),
  events: z.unknown(),
});

const partOf = (round: Round, event: OutboxEvent, sequence: number): Part => {
  const { organizationId, now, webhooks } = round;
  const done = numbered(organizationId, event, sequence);
  const deliveries = webhooks
    .filter(({ enabled, events }) => enabled && matchesEvent(events, event.type))
    .map(({ id }) => newDelivery({ organizationId, webhookId: id, event: done, now }));
  const items = [feedItem(organizationId, done, now), ...((event.lists ?? []) as Item[]), ...deliveries];
  const bytes = Buffer.byteLength(done.body) + items.length * itemBytes;
  return { event: done, writes: items.map((put) => ({ put })), deliveries, bytes };
};

/** What becomes of an outbox item of which all but `rest` have their numbers. */
const afterPart = (key: Key, left: number, rest: readonly OutboxEvent[]): Write =>
  rest.length === 0
    ? { delete: key, if: { left } }
    : { update: key, set: { left: rest.length, events: packEvents(rest) }, if: { left } };

type Box = Numbering & { bytes: number };

/** Adds an event with all that belongs to it, or says that it does not fit; one action stays free for its outbox item. */
const put = (box: Box, part: Part) => {
  const fits = box.writes.length + part.writes.length + 2 <= actionsMax && box.bytes + part.bytes <= bytesMax;
  if (!fits) return false;
  box.writes.push(...part.writes);
  box.events.push(part.event);
  box.deliveries.push(...part.deliveries);
  box.bytes += part.bytes;
  return true;
};

/** Numbers an item's events as far as they fit; true if that was all of them. */
const putItem = (box: Box, item: Item, round: Round) => {
  const { pk, sk, left, events: packed } = Waiting.parse(item);
  const events = unpackEvents(packed);
  const full = events.findIndex(
    (event) => !put(box, partOf(round, event, round.sequence + box.events.length + 1)),
  );
  const rest = full === -1 ? [] : events.slice(full);
  if (rest.length < events.length || events.length === 0) box.writes.push(afterPart({ pk, sk }, left, rest));
  return rest.length === 0;
};

/**
 * The transaction that numbers as many of the oldest events as fit, an item in several parts if need be. It holds only
 * while the head and every outbox item are as they were read, so that no event gets two numbers and no number is lost.
 */
export const numberEvents = (round: Round): Numbering => {
  const box: Box = { writes: [], events: [], deliveries: [], bytes: 0 };
  round.outbox.every((item) => box.writes.length + 2 <= actionsMax && putItem(box, item, round));
  if (box.writes.length === 0) throw new EventRefused('The event does not fit into a transaction.');
  return { ...box, writes: [headWrite(round, box.events.length), ...box.writes] };
};

const headWrite = ({ organizationId, sequence }: Round, count: number): Write => ({
  update: feedHeadKey(organizationId),
  set: { sequence: sequence + count },
  if: { sequence: sequence === 0 ? orAbsent(0) : sequence },
});
