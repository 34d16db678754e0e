import * as z from 'zod';
import { Fenced } from '#src/connectors/connector.ts';
import { openConnection } from '#src/domain/connections/connection-repository.ts';
import { endJob } from '#src/domain/jobs/end-job.ts';
import { takeEpoch } from '#src/domain/jobs/epoch.ts';
import { allowedNetworks } from '#src/domain/organizations/organization-repository.ts';
import { isLocal } from '#src/lambda/env.ts';
import { type TimeLeft, task } from '#src/lambda/task.ts';
import { taskErrorOf } from './job-error.ts';
import { copyTables, keepResult, type Slice } from './slice.ts';
import { type WorkerServices, workerServices } from './worker.ts';

export const SliceInput = z.object({
  organization_id: z.string(),
  job_id: z.string(),
  attempt: z.int(),
});
export type SliceInput = z.output<typeof SliceInput>;

/** Left over for ending the slice when its last range is done. */
const reserveMs = 60_000;
/** A Lambda is gone this long after its time limit. */
const marginMs = 5000;

/** Takes a new epoch and everything that copying needs; undefined where the job is no longer this attempt's. */
const openSlice = async (
  input: SliceInput,
  time: TimeLeft,
  services: WorkerServices,
): Promise<Slice | undefined> => {
  const { organization_id: organizationId, job_id: jobId, attempt } = input;
  const now = services.clock.now();
  const endsAt = now + time.timeLeftMs() + marginMs;
  const taken = await takeEpoch({ organizationId, jobId, attempt, endsAt }, services);
  if (!taken) return undefined;
  const connectionId = taken.job.connection_id;
  const [open, networks] = await Promise.all([
    openConnection(services.table, services.vault, { organizationId, connectionId }),
    allowedNetworks(services.table, organizationId),
  ]);
  const stopAt = now + Math.max(time.timeLeftMs() - reserveMs, time.timeLeftMs() / 2);
  return {
    job: { ...taken.job, epoch: taken.state.epoch },
    open,
    state: taken.state,
    allowLoopback: isLocal(),
    allowedNetworks: networks,
    stopAt,
  };
};

/** One slice of a job: ranges until the job is done, which it then ends itself, or the time is up. */
export const runSlice = async (input: SliceInput, time: TimeLeft, services: WorkerServices) => {
  const next = { ...input, more: false };
  try {
    const slice = await openSlice(input, time, services);
    if (!slice) return next;
    const { done, result, positions } = await copyTables(slice, services);
    if (done) await endJob(slice.job, { status: 'succeeded', result, positions }, services);
    else await keepResult(services, slice.job, result);
    return { ...next, more: !done };
  } catch (error) {
    if (error instanceof Fenced) return next; // a newer invocation owns the load, and will end the job
    throw taskErrorOf(error);
  }
};

export const handler = task(SliceInput, (input, time) => runSlice(input, time, workerServices()));
