import * as z from 'zod';
import type { Clock } from '#src/domain/clock.ts';
import { dueKey, kindOfDue } from '#src/table/keys.ts';
import { ConditionFailed, type Key, type Table } from '#src/table/table.ts';

type LookServices = {
  table: Table;
  clock: Clock;
  events: { wake(organizationId: string): Promise<void> };
};

const lookMaxMs = 600_000;
const asideMs = 3_600_000;

const Waiting = z.looseObject({
  pk: z.string(),
  sk: z.string(),
  due_at: z.string(),
  look_ms: z.int().default(30_000),
  retry_at: z.int().optional(),
});

/** Wakes fan-out for an outbox item that is still there, and moves its time on by a doubling step. */
export const lookAtOutbox = async (key: Key, { table, clock, events }: LookServices): Promise<void> => {
  const item = await table.get({ pk: key.pk, sk: key.sk });
  if (!item) return;
  const { pk, sk, due_at, look_ms, retry_at } = Waiting.parse(item);
  const stepMs = retry_at === undefined ? Math.min(look_ms * 2, lookMaxMs) : asideMs;
  try {
    await table.write([
      {
        update: { pk, sk },
        set: { look_ms: stepMs, ...dueKey(sk, clock.now() + stepMs) },
        if: { due_at },
      },
    ]);
  } catch (error) {
    if (error instanceof ConditionFailed) return; // numbered meanwhile, or another sweep looks at it
    throw error;
  }
  await events.wake(kindOfDue({ pk, sk }).organizationId);
};
