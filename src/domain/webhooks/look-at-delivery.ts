import * as z from 'zod';
import type { Clock } from '#src/domain/clock.ts';
import type { Deliveries } from '#src/domain/events/fan-out.ts';
import { dueKey, notDue } from '#src/table/keys.ts';
import { ConditionFailed, type Item, type Key, type Table, type Write } from '#src/table/table.ts';
import { queueDelayMsMax } from './record-attempt.ts';
import { messageOf, parseDelivery } from './stored-delivery.ts';

type LookServices = { table: Table; clock: Clock; deliveries: Deliveries };

const lookMs = 60_000;
const lookMaxMs = 3_600_000;

const Due = z.looseObject({ due_at: z.string() });

/**
 * Sends the message of a waiting delivery again and moves its time on by a doubling step, so that a backlog never
 * multiplies. One whose attempt lies ahead (a sweep of everything, after a restart) is queued with its delay.
 */
export const lookAtDelivery = async (key: Key, services: LookServices): Promise<void> => {
  const item = await services.table.get({ pk: key.pk, sk: key.sk });
  if (!item?.due_at) return;
  const delivery = parseDelivery(item);
  const now = services.clock.now();
  const aheadMs = Math.max(0, (delivery.next_attempt_at ?? now) - now);
  if (aheadMs > queueDelayMsMax) return;
  const { due_at } = Due.parse(item);
  if (delivery.expires_at <= now) return void (await tookIt(services.table, ended(item, due_at)));
  const stepMs = Math.min((delivery.look_ms ?? lookMs / 2) * 2, lookMaxMs);
  const moved = {
    update: { pk: item.pk, sk: item.sk },
    set: { look_ms: stepMs, ...dueKey(delivery.id, now + aheadMs + stepMs) },
    if: { due_at },
  };
  if (!(await tookIt(services.table, moved))) return;
  const delaySeconds = Math.ceil(aheadMs / 1000);
  await services.deliveries.send([{ ...messageOf(item), ...(delaySeconds > 0 && { delaySeconds }) }]);
};

const ended = ({ pk, sk }: Item, due_at: string): Write => ({
  update: { pk, sk },
  set: { status: 'exhausted', last_error: 'Discarded: the delivery has expired.' },
  remove: [...notDue, 'next_attempt_at'],
  if: { due_at },
});

const tookIt = async (table: Table, write: Write) => {
  try {
    await table.write([write]);
    return true;
  } catch (error) {
    if (error instanceof ConditionFailed) return false;
    throw error;
  }
};
