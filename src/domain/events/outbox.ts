import * as z from 'zod';
import { isoTime } from '#src/domain/clock.ts';
import { newId } from '#src/domain/ids.ts';
import { dueKey, outboxKey } from '#src/table/keys.ts';
import type { Item } from '#src/table/table.ts';
import { Causation, type EventData, EventType } from './event.ts';

type EventOf<T extends EventType> = {
  type: T;
  data: EventData[T];
  /** The event's number among those of its job. */
  job_sequence?: number;
  causation?: Causation;
  /** Entries of lists by owner that fan-out puts together with the event. */
  lists?: readonly Item[];
};

/** An event as the one who caused it tells it; id, time and number come from here and from fan-out. */
export type NewEvent = { [T in EventType]: EventOf<T> }[EventType];

const ListEntry = z.looseObject({ pk: z.string(), sk: z.string() });

export const OutboxEvent = z.object({
  id: z.string(),
  type: EventType,
  created_at: z.string(),
  job_sequence: z.int().optional(),
  causation: Causation,
  data: z.record(z.string(), z.unknown()),
  lists: z.array(ListEntry).optional(),
});
export type OutboxEvent = z.output<typeof OutboxEvent>;

/** When the sweeper wakes fan-out for an item that the fast path has not numbered. */
const lookAfterMs = 5_000;

/** The one item that a commit adds to its transaction to make its events happen. */
export const outbox = (organizationId: string, at: number, events: readonly NewEvent[]): Item => {
  const stored = events.map(({ type, data, job_sequence, causation, lists }) => ({
    id: newId('event', at),
    type,
    created_at: isoTime(at),
    ...(job_sequence !== undefined && { job_sequence }),
    causation: causation ?? { depth: 0, job_ids: [] },
    data,
    ...(lists && lists.length > 0 && { lists }),
  }));
  const id = stored[0]?.id ?? newId('event', at);
  return {
    ...outboxKey(organizationId, at, id),
    organization_id: organizationId,
    left: stored.length,
    events: stored,
    ...dueKey(id, at + lookAfterMs),
  };
};
