import * as z from 'zod';
import { isoTime } from '#src/domain/clock.ts';
import { failureKey, reachedKey } from '#src/table/keys.ts';
import type { Item, Key, Query, Table } from '#src/table/table.ts';

const dayMs = 24 * 3_600_000;

const Reached = z.looseObject({ at: z.int() });

/** Everything of one query, page after page. */
const countAll = async (table: Table, query: Query) => {
  let count = 0;
  let after: Item | Key | undefined;
  do {
    const page = await table.query({ ...query, ...(after && { after }) });
    count += page.items.length;
    after = page.next;
  } while (after);
  return count;
};

/** When a webhook was last reached, and how many attempts failed in the last 24 hours: counted, not estimated. */
export const readFigures = async (table: Table, organizationId: string, webhookId: string, now: number) => {
  const [reached, failures] = await Promise.all([
    table.get(reachedKey(organizationId, webhookId)),
    countAll(table, {
      pk: failureKey(organizationId, webhookId, 0).pk,
      from: failureKey(organizationId, webhookId, now - dayMs).sk,
    }),
  ]);
  const last = reached && Reached.parse(reached);
  return { last_delivery_at: last ? isoTime(last.at) : null, failure_count_24h: failures };
};
