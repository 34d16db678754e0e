import { randomUUID } from 'node:crypto';
import type { Clock } from '#src/domain/clock.ts';
import { deliveryKey } from '#src/table/keys.ts';
import { atMost, below, ConditionFailed, oneOf, orAbsent, type Table } from '#src/table/table.ts';
import { type DeliveryMessage, parseDelivery, type StoredDelivery } from './stored-delivery.ts';

/** Longer than an attempt can take; after it, whoever claimed is taken for dead. */
const claimMs = 60_000;

export type Claimed = StoredDelivery & { claim: string };

/**
 * Takes a delivery for one attempt in one conditional update: it must be there, undone, its time come and nobody else
 * at it. Undefined means that there is nothing to do, however old or doubled the message is.
 */
export const claimDelivery = async (
  { organization_id, webhook_id, delivery_id }: DeliveryMessage,
  { table, clock }: { table: Table; clock: Clock },
): Promise<Claimed | undefined> => {
  const now = clock.now();
  const claim = randomUUID();
  try {
    const item = await table.update({
      update: deliveryKey(organization_id, webhook_id, delivery_id),
      set: { claim, claim_until: now + claimMs },
      add: { claims: 1 },
      if: {
        status: oneOf('pending', 'failed'),
        next_attempt_at: atMost(now),
        claim_until: orAbsent(below(now)),
      },
    });
    return { ...parseDelivery(item), claim };
  } catch (error) {
    if (error instanceof ConditionFailed) return undefined;
    throw error;
  }
};
