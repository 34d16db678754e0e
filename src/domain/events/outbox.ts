import { isoTime } from '#src/domain/clock.ts';
import { newId } from '#src/domain/ids.ts';
import { dueKey, outboxKey } from '#src/table/keys.ts';
import type { Item } from '#src/table/table.ts';
import type { Causation, EventData, EventType } from './event.ts';
import type { OutboxEvent } from './outbox-event.ts';
import { packEvents } from './packing.ts';

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

/** When the sweeper wakes fan-out for an item that the fast path has not numbered. */
const lookAfterMs = 5_000;

/** The one item that a commit adds to its transaction to make its events happen. */
export const outbox = (organizationId: string, at: number, events: readonly NewEvent[]): Item => {
  const stored = events.map(
    ({ type, data, job_sequence, causation, lists }): OutboxEvent => ({
      id: newId('event', at),
      type,
      created_at: isoTime(at),
      ...(job_sequence !== undefined && { job_sequence }),
      causation: causation ?? { depth: 0, job_ids: [] },
      data,
      ...(lists && lists.length > 0 && { lists: [...lists] }),
    }),
  );
  const id = stored[0]?.id ?? newId('event', at);
  return {
    ...outboxKey(organizationId, at, id),
    organization_id: organizationId,
    left: stored.length,
    events: packEvents(stored),
    ...dueKey(id, at + lookAfterMs),
  };
};
