import { auditEntry, type Origin } from '#src/domain/audit/audit-entry.ts';
import type { Clock } from '#src/domain/clock.ts';
import type { Change } from '#src/domain/commit.ts';
import { ConditionFailed, type Table, type Write } from '#src/table/table.ts';
import { findRecord, type KeyedRequest, putRecord, refuseRepetition } from './idempotency-record.ts';

type Services = { table: Table; clock: Clock };
type Context = { origin: Origin; status: number; keyed: KeyedRequest | undefined };

/**
 * One request's way to change things. The read of its idempotency record starts at once, beside the handler;
 * a repetition wins over everything that the handler finds out.
 */
export const committer = (services: Services, { origin, status, keyed }: Context) => {
  const found = keyed && findRecord(services.table, keyed, services.clock.now());
  found?.catch(() => undefined); // awaited below; a handler that fails first must not leave it unhandled
  let isCommitted = false;

  const settle = async () => {
    if (keyed) refuseRepetition(await found, keyed);
  };

  const write = async (writes: readonly Write[], record: readonly Write[], rest: readonly Write[]) => {
    try {
      await services.table.write([...writes, ...record, ...rest]);
    } catch (error) {
      // Whatever else was refused: where the same request has won meanwhile, its answer is ours.
      if (keyed && error instanceof ConditionFailed) {
        refuseRepetition(await findRecord(services.table, keyed, services.clock.now()), keyed);
      }
      throw error;
    }
    isCommitted = true;
  };

  const recordOf = (reply: unknown, once?: readonly string[]) =>
    keyed ? [putRecord(keyed, { status, reply, once }, services.clock.now())] : [];

  return {
    async commit(change: Change) {
      await settle();
      const audit = auditEntry(origin, change, services.clock.now());
      await write(change.writes, recordOf(change.reply, change.once), [audit]);
    },
    /** Throws where this is a repetition, also of a request that fails now. */
    settle: async () => {
      if (!isCommitted) await settle();
    },
    /** Keeps the answer of a request that had nothing to commit. */
    async keep(reply: unknown) {
      if (keyed && !isCommitted) await write([], recordOf(reply), []);
    },
  };
};
