import * as z from 'zod';
import { Causation, EventType } from './event.ts';

const ListEntry = z.looseObject({ pk: z.string(), sk: z.string() });

/** An event that waits for its number. */
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
