import * as z from 'zod';
import { OutboxEvent } from './outbox-event.ts';

type Data = OutboxEvent['data'];
type Packed = Record<string, unknown>;

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

const withoutNulls = (data: Data): Data =>
  Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null));

/** What is other in the later data; null stands for what is no longer there. */
const changes = (before: Data, after: Data): Data => {
  const names = Object.keys({ ...before, ...after }).filter((name) => !same(before[name], after[name]));
  return Object.fromEntries(names.map((name) => [name, after[name] ?? null]));
};

const isLike = (before: OutboxEvent | undefined, event: OutboxEvent): before is OutboxEvent =>
  before !== undefined && before.created_at === event.created_at && same(before.causation, event.causation);

/** Events as an item holds them: nulls left out, and of a later event only what differs, to stay below a unit of 1 KB. */
export const packEvents = (events: readonly OutboxEvent[]): Packed[] => {
  const lean = events.map((event) => ({ ...event, data: withoutNulls(event.data) }));
  return lean.map((event, index) => {
    const before = lean[index - 1];
    if (!isLike(before, event)) return event;
    const { created_at, causation, data, ...own } = event;
    return { ...own, changed: changes(before.data, data) };
  });
};

const PackedEvent = z.looseObject({ changed: z.record(z.string(), z.unknown()).optional() });

/** The events that `packEvents` packed. @throws ZodError where an item holds something else. */
export const unpackEvents = (packed: unknown): OutboxEvent[] => {
  const events: OutboxEvent[] = [];
  for (const item of z.array(PackedEvent).parse(packed)) {
    const { changed, ...own } = item;
    const before = changed && events.at(-1);
    const whole = before && {
      created_at: before.created_at,
      causation: before.causation,
      data: { ...before.data, ...changed },
    };
    events.push(OutboxEvent.parse({ ...own, ...whole }));
  }
  return events;
};
