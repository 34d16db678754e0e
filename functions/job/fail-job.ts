import type * as z from 'zod';
import { openConnection } from '#src/domain/connections/connection-repository.ts';
import { endJob } from '#src/domain/jobs/end-job.ts';
import { takeEpoch } from '#src/domain/jobs/epoch.ts';
import { readResult } from '#src/domain/jobs/job-result.ts';
import { parseJob } from '#src/domain/jobs/stored-job.ts';
import { allowedNetworks } from '#src/domain/organizations/organization-repository.ts';
import { isLocal } from '#src/lambda/env.ts';
import { type TimeLeft, task } from '#src/lambda/task.ts';
import { jobKey } from '#src/table/keys.ts';
import { CaughtError, caughtJobError, hasStopped } from './job-error.ts';
import { SliceInput } from './run-slice.ts';
import { copyRequest, type Slice } from './slice.ts';
import { type WorkerServices, workerServices } from './worker.ts';

const FailInput = SliceInput.extend({ error: CaughtError });
export type FailInput = z.output<typeof FailInput>;

/** How long the destination is given to take the newer epoch. */
const fenceMs = 20_000;

/**
 * Ends a job whose slice failed for good. Where nobody knows whether the slice still lives, a newer epoch at the
 * destination first shuts it out; where the destination cannot be reached, the job ends in time and what it holds stays
 * held until the slice's time limit has passed.
 */
export const failJob = async (input: FailInput, time: TimeLeft, services: WorkerServices) => {
  const { organization_id: organizationId, job_id: jobId, attempt } = input;
  const endsAt = services.clock.now() + time.timeLeftMs();
  const before = await services.table.get(jobKey(organizationId, jobId));
  const heldUntil = before ? parseJob(before).epoch_until : undefined;
  const taken = await takeEpoch({ organizationId, jobId, attempt, endsAt }, services);
  if (!taken) return {};
  const { job, state } = taken;
  const isShutOut = hasStopped(input.error) || (await shutOut({ ...job, epoch: state.epoch }, services));
  const result = await readResult(services.table, organizationId, jobId);
  const error = caughtJobError(input.error);
  await endJob(
    job,
    { status: 'failed', result, error, ...(!isShutOut && heldUntil && { heldUntil }) },
    services,
  );
  return {};
};

/** Raises the epoch of every load of the job; false where an end could not be reached. */
const shutOut = async (job: Slice['job'], services: WorkerServices) => {
  const { organization_id: organizationId, connection_id: connectionId } = job;
  try {
    const [open, networks] = await Promise.all([
      openConnection(services.table, services.vault, { organizationId, connectionId }),
      allowedNetworks(services.table, organizationId),
    ]);
    const slice = {
      job,
      open,
      allowLoopback: isLocal(),
      allowedNetworks: networks,
      stopAt: services.clock.now() + fenceMs,
    };
    const limit = AbortSignal.timeout(fenceMs);
    for (const table of open.connection.tables) {
      await services.dataPlane.fence(copyRequest(slice, table, limit, () => services.clock.now()));
    }
    return true;
  } catch {
    return false;
  }
};

export const handler = task(FailInput, (input, time) => failJob(input, time, workerServices()));
