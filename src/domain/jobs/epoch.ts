import * as z from 'zod';
import { connectionKey, jobKey } from '#src/table/keys.ts';
import { ConditionFailed, orAbsent, type Write } from '#src/table/table.ts';
import { beginReading } from './live-sync.ts';
import type { JobServices } from './runner.ts';
import { parseJob, type StoredJob } from './stored-job.ts';

/** What is kept of a connection's loads: the epoch counter, and a copy of the positions for reading. */
export const ConnectionState = z.object({
  epoch: z.int().default(0),
  tables: z
    .record(
      z.string(),
      z.object({ cursor_column: z.string().nullable(), position: z.string(), updated_at: z.string() }),
    )
    .default({}),
});
export type ConnectionState = z.output<typeof ConnectionState>;

type Invocation = { organizationId: string; jobId: string; attempt: number; endsAt: number };

/**
 * Gives an invocation of a slice a new epoch, also one that is made by a Retry, and only while its job is running in
 * this attempt. With the job's first epoch it begins to read: from then on no trigger joins it.
 * Undefined where the job has moved on: the invocation has nothing to do.
 */
export const takeEpoch = async (
  invocation: Invocation,
  services: Pick<JobServices, 'table' | 'clock'>,
): Promise<{ job: StoredJob; state: ConnectionState } | undefined> => {
  const { organizationId, jobId, attempt } = invocation;
  const item = await services.table.get(jobKey(organizationId, jobId));
  const before = item && parseJob(item);
  if (before?.status !== 'running' || before.attempt !== attempt) return undefined;
  const stateKey = connectionKey(organizationId, before.connection_id, 'STATE');
  const stored = ConnectionState.parse((await services.table.get(stateKey)) ?? {});
  const job = {
    ...before,
    epoch: stored.epoch + 1,
    epoch_until: invocation.endsAt,
    read_started_at: before.read_started_at ?? services.clock.now(),
  };
  try {
    await services.table.write(epochWrites(before, job, stored.epoch));
    return { job, state: { ...stored, epoch: job.epoch } };
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    return takeEpoch(invocation, services); // another invocation was quicker: its epoch is older than the next one
  }
};

const epochWrites = (before: StoredJob, job: StoredJob & { epoch: number }, counter: number): Write[] => {
  const { organization_id: organizationId, connection_id: connectionId } = job;
  const isFirst = before.read_started_at === undefined;
  return [
    {
      update: jobKey(organizationId, job.id),
      set: { epoch: job.epoch, epoch_until: job.epoch_until, read_started_at: job.read_started_at },
      if: { status: 'running', attempt: job.attempt },
    },
    {
      update: connectionKey(organizationId, connectionId, 'STATE'),
      set: { epoch: job.epoch },
      if: { epoch: counter === 0 ? orAbsent(0) : counter },
    },
    ...(isFirst ? [beginReading({ organizationId, connectionId }, job.id)] : []),
  ];
};

/** Whether the invocation that took this epoch still owns its job; a strong read. */
export const stillOwns = async (job: StoredJob, { table }: Pick<JobServices, 'table'>) => {
  const item = await table.get(jobKey(job.organization_id, job.id));
  const now = item && parseJob(item);
  return now?.status === 'running' && now.attempt === job.attempt && now.epoch === job.epoch;
};
