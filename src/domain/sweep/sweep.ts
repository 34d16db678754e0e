import { lookAtJob } from '#src/domain/jobs/look-at-job.ts';
import type { JobServices } from '#src/domain/jobs/runner.ts';
import { duePartition, dueShards, kindOfDue, ordered } from '#src/table/keys.ts';
import type { Item } from '#src/table/table.ts';

/** Looks at one kind of due item; must be safe to run twice, late, or beside itself. */
export type Look = (key: Item) => Promise<void>;

export type SweepServices = JobServices & {
  /** Sends a delivery again whose time has come. */
  lookAtDelivery: Look;
  /** Wakes fan-out for an outbox item that is still there, and moves its time on. */
  lookAtOutbox: Look;
};

export type SweepReport = { looked: number; failed: number; oldestMs: number };

/** How many due items one sweep looks at in each shard: what is left is older, and first, at the next. */
const pageMax = 100;
const parallel = 5; // DescribeExecution is bounded to about this many a second

/**
 * Looks at everything whose time has come (`all`: at everything that waits, as after a restart). One item that fails
 * holds up no other; it stays due and shows in the report's oldest.
 */
export const sweep = async (services: SweepServices, { all }: { all: boolean }): Promise<SweepReport> => {
  const now = services.clock.now();
  const report: SweepReport = { looked: 0, failed: 0, oldestMs: 0 };
  for (let shard = 0; shard < dueShards; shard++) {
    const due = await dueItems(services, shard, all ? Number.MAX_SAFE_INTEGER : now);
    for (let start = 0; start < due.length; start += parallel) {
      const looks = due.slice(start, start + parallel).map((item) => lookAt(item, services));
      const settled = await Promise.allSettled(looks);
      report.failed += settled.filter(({ status }) => status === 'rejected').length;
    }
    report.looked += due.length;
    report.oldestMs = Math.max(report.oldestMs, ...due.map((item) => now - Number(item.due_at)));
  }
  return report;
};

const dueItems = async ({ table }: SweepServices, shard: number, untilMs: number) => {
  const { items } = await table.query({
    index: 'due',
    pk: duePartition(shard),
    to: ordered(Math.min(untilMs, 9_999_999_999_999)),
    limit: pageMax,
  });
  return items;
};

const lookAt = (item: Item, services: SweepServices): Promise<void> => {
  const due = kindOfDue(item);
  if (due.kind === 'job') return lookAtJob(due.organizationId, due.jobId, services);
  return due.kind === 'outbox' ? services.lookAtOutbox(item) : services.lookAtDelivery(item);
};
