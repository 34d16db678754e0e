import { enterQueue, freeSlot } from '#src/domain/gates/gate.ts';
import { dueKey, jobKey, notDue } from '#src/table/keys.ts';
import { ConditionFailed, type Write } from '#src/table/table.ts';
import { dispatchConnection, dispatchPool } from './dispatch.ts';
import { endJob, releaseHeld } from './end-job.ts';
import { startExecution } from './execution.ts';
import { terminalStatuses } from './job.ts';
import { readResult } from './job-result.ts';
import { lookWaitingMs, nextLook } from './look.ts';
import type { ExecutionStatus, JobServices } from './runner.ts';
import { executionName, parseJob, parseNotes, type StoredJob } from './stored-job.ts';

/** An execution that keeps getting lost is a fault of ours that a further attempt does not mend. */
const attemptsMax = 5;

/**
 * Makes a job and its execution agree: what waits is dispatched again, what was never started is started, what lost its
 * execution goes back to the queue, what is over and held is released. Every verdict is conditional and loses against
 * whoever was first; may run twice, in parallel, or late.
 */
export const lookAtJob = async (
  organizationId: string,
  jobId: string,
  services: JobServices,
): Promise<void> => {
  const item = await services.table.get(jobKey(organizationId, jobId));
  if (!item) return;
  const job = parseJob(item);
  if (terminalStatuses.has(job.status)) return lookAtEnded(job, services);
  if (job.status === 'queued') {
    await lookAgain(job, services);
    await dispatchConnection(organizationId, job.connection_id, services);
    await dispatchPool(organizationId, job.pool, services);
    return;
  }
  const status = await services.runner.describe(executionName(job));
  if (status === 'RUNNING') await lookAgain(job, services);
  else await repair(job, status, services);
};

const lookAtEnded = async (job: StoredJob, services: JobServices) => {
  if (job.held_until === undefined) await settle(services, [dropDue(job)]);
  else if (job.held_until <= services.clock.now()) await releaseHeld(job, services);
};

const dropDue = (job: StoredJob): Write => ({
  update: jobKey(job.organization_id, job.id),
  remove: [...notDue],
  if: { status: job.status, events: job.events },
});

/** Moves the next look on by a doubling step, so that a backlog never multiplies. */
const lookAgain = (job: StoredJob, services: JobServices) => {
  const lookMs = nextLook(job.look_ms);
  const { due_pk, due_at } = dueKey(job.id, services.clock.now() + lookMs);
  return settle(services, [
    {
      update: jobKey(job.organization_id, job.id),
      set: { look_ms: lookMs, due_pk, due_at },
      if: { status: job.status, attempt: job.attempt, events: job.events },
    },
  ]);
};

const settle = async ({ table }: JobServices, writes: Write[]) => {
  try {
    await table.write(writes);
    return true;
  } catch (error) {
    if (error instanceof ConditionFailed) return false;
    throw error;
  }
};

/** A running job without a running execution. */
const repair = async (job: StoredJob, status: ExecutionStatus | undefined, services: JobServices) => {
  if (status === undefined) {
    const noted = await services.table.get(jobKey(job.organization_id, job.id, 'METADATA'));
    await lookAgain(job, services);
    return startExecution(services.runner, job, parseNotes(noted)); // never started, or lost with all its history
  }
  if (job.attempt >= attemptsMax) return giveUp(job, services);
  if (await settle(services, await backToQueue(job, services))) {
    await services.events.wake(job.organization_id);
    await dispatchPool(job.organization_id, job.pool, services);
  }
};

const giveUp = async (job: StoredJob, services: JobServices) => {
  const error = {
    code: 'execution_lost',
    message: `The job lost its execution ${attemptsMax} times.`,
    class: 'platform' as const,
    retryable: true,
    hint: 'Look at the executions of this job in the Step Functions console, then trigger again.',
  };
  const result = await readResult(services.table, job.organization_id, job.id);
  await endJob(job, { status: 'failed', result, error, ...held(job, services) }, services);
};

/** An invocation that may still live keeps what it uses until its time limit has passed. */
const held = (job: StoredJob, { clock }: JobServices) =>
  job.epoch_until !== undefined && job.epoch_until > clock.now() ? { heldUntil: job.epoch_until } : {};

/** A lost execution: the next attempt queues at the pool, keeps its connection's turn, and takes a newer epoch. */
const backToQueue = async (job: StoredJob, { clock }: JobServices): Promise<Write[]> => {
  const now = clock.now();
  const turn = { organizationId: job.organization_id, jobId: job.id, attempt: job.attempt };
  return [
    {
      update: jobKey(job.organization_id, job.id),
      set: {
        status: 'queued',
        attempt: job.attempt + 1,
        queued_at: now,
        ...dueKey(job.id, now + lookWaitingMs),
      },
      remove: ['slot', 'look_ms'],
      if: { status: 'running', attempt: job.attempt, events: job.events },
    },
    ...(job.slot === undefined ? [] : [freeSlot(turn, job.pool, job.slot)]),
    enterQueue({ ...turn, attempt: job.attempt + 1, rank: job.rank }, job.pool),
  ];
};
