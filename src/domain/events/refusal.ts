import * as z from 'zod';
import type { Clock } from '#src/domain/clock.ts';
import type { Report } from '#src/domain/report.ts';
import { dueKey, outboxKey } from '#src/table/keys.ts';
import { absent, ConditionFailed, type Item, present, type Table } from '#src/table/table.ts';
import { EventRefused } from './feed.ts';

/** How often an outbox item may be refused for its own sake before it is set aside. */
const refusalsMax = 5;
const tryAgainMs = 3_600_000;

const Reasons = z.looseObject({
  CancellationReasons: z.array(z.looseObject({ Code: z.string().optional() })),
});

/** True where the content is to blame, never for throttling, conflicts, rights or outages. */
export const isRefusal = (error: unknown): boolean => {
  if (error instanceof EventRefused || error instanceof z.ZodError) return true;
  if (!(error instanceof Error)) return false;
  const reasons = Reasons.safeParse(error).data?.CancellationReasons ?? [];
  return error.name === 'ValidationException' || reasons.some(({ Code }) => Code === 'ValidationError');
};

type RefusalServices = { table: Table; clock: Clock; report: Report };

const Refused = z.looseObject({
  pk: z.string(),
  sk: z.string(),
  refusals: z.int().default(0),
  retry_at: z.int().optional(),
});

/** Counts a refusal; the fifth moves the item out of the way, where it is tried again hourly until it is numbered. */
export const refuse = async (
  organizationId: string,
  item: Item,
  { table, clock, report }: RefusalServices,
): Promise<void> => {
  const { pk, sk, refusals, retry_at } = Refused.parse(item);
  const fields = { organization_id: organizationId, outbox_item: sk, refusals: refusals + 1 };
  const retry = { retry_at: clock.now() + tryAgainMs, ...dueKey(sk, clock.now() + tryAgainMs) };
  report(refusals + 1 < refusalsMax ? 'event_refused' : 'event_set_aside', fields);
  try {
    if (retry_at !== undefined || refusals + 1 < refusalsMax) {
      await table.write([
        { update: { pk, sk }, set: { refusals: refusals + 1, ...(retry_at && retry) }, if: unchanged(item) },
      ]);
      return;
    }
    const [at = '0', id = ''] = sk.split('#');
    const aside = {
      ...item,
      ...outboxKey(organizationId, Number(at), id, true),
      refusals: refusals + 1,
      ...retry,
    };
    await table.write([{ delete: { pk, sk }, if: unchanged(item) }, { put: aside }]);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error; // somebody else numbered or moved it
  }
};

const unchanged = ({ left, refusals }: Item) => ({
  pk: present,
  left: left === undefined ? absent : left,
  refusals: refusals === undefined ? absent : refusals,
});
