import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outbox } from '#src/domain/events/outbox.ts';
import type { OutboxEvent } from '#src/domain/events/outbox-event.ts';
import { packEvents, unpackEvents } from '#src/domain/events/packing.ts';
import { jobEvent } from '../../support/events-world.ts';

const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.dictionary(fc.string(), fc.string()));
const names = fc.constantFrom('status', 'error', 'metadata', 'metrics');
const anEvent: fc.Arbitrary<OutboxEvent> = fc.record(
  {
    id: fc.uuid(),
    type: fc.constantFrom('job.queued', 'job.started'),
    created_at: fc.constantFrom('2030-01-01T00:00:00.000Z', '2030-01-01T00:00:00.001Z'),
    job_sequence: fc.nat(),
    causation: fc.record({ depth: fc.nat(1), job_ids: fc.constant(['job_1']) }),
    data: fc.dictionary(names, value),
    lists: fc.constant([{ pk: 'a', sk: 'b' }]),
  },
  { requiredKeys: ['id', 'type', 'created_at', 'causation', 'data'] },
);

/** Null and absent are the same to a receiver's schema. */
const lean = (events: readonly OutboxEvent[]) =>
  events.map(({ data, ...event }) => ({
    ...event,
    data: Object.fromEntries(Object.entries(data).filter(([, one]) => one !== null)),
  }));

describe('events as the outbox packs them', () => {
  it('come out as they went in', () => {
    fc.assert(
      fc.property(fc.array(anEvent, { maxLength: 4 }), (events) => {
        expect(lean(unpackEvents(JSON.parse(JSON.stringify(packEvents(events)))))).toEqual(lean(events));
      }),
    );
  });

  it('tell of a second event only what differs', () => {
    const { events } = outbox('org_1', 0, [jobEvent('job.queued', 1), jobEvent('job.started', 2)]);

    expect((events as object[])[1]).toEqual({
      id: expect.stringMatching(/^evt_/),
      type: 'job.started',
      job_sequence: 2,
      changed: {},
    });
  });
});
