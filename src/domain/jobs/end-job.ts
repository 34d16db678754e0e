import { isoTime } from '#src/domain/clock.ts';
import { freeSlot } from '#src/domain/gates/gate.ts';
import { connectionKey, dueKey, jobKey, notDue } from '#src/table/keys.ts';
import { absent, ConditionFailed, oneOf, type Write } from '#src/table/table.ts';
import { dispatchConnection, dispatchPool } from './dispatch.ts';
import type { ConnectionState } from './epoch.ts';
import type { JobError } from './job.ts';
import { jobOutbox } from './job-events.ts';
import { metricsOf, type StoredResult } from './job-result.ts';
import { sourcesOf } from './job-states.ts';
import { endTurn } from './live-sync.ts';
import type { JobServices } from './runner.ts';
import { parseNotes, type StoredJob } from './stored-job.ts';

export type Ending = {
  status: 'succeeded' | 'failed';
  result: StoredResult;
  error?: JobError;
  /** Positions by table as the destination holds them. */
  positions?: ConnectionState['tables'];
  /** An invocation may still live until then: slots and turn stay held. */
  heldUntil?: number;
};

/**
 * Ends a job once: status, result, turn, slot, event and the copy of its positions in one transaction, refused for an
 * attempt or epoch that is not the newest. Then lets the next ones through. False where the job had ended or moved on.
 */
export const endJob = async (job: StoredJob, ending: Ending, services: JobServices): Promise<boolean> => {
  const now = services.clock.now();
  const noted = await services.table.get(jobKey(job.organization_id, job.id, 'METADATA'));
  const ended: StoredJob = {
    ...job,
    status: ending.status,
    finished_at: Math.max(now, job.started_at ?? now),
    metrics: metricsOf(ending.result),
    events: job.events + 1,
    ...(ending.error && { error: ending.error }),
    ...(ending.heldUntil !== undefined && { held_until: ending.heldUntil }),
  };
  const type = ending.status === 'succeeded' ? 'job.succeeded' : 'job.failed';
  try {
    await services.table.write([
      endingWrite(job, ended),
      { put: { ...jobKey(job.organization_id, job.id, 'RESULT'), ...ending.result } },
      { put: jobOutbox([type], ended, parseNotes(noted), now) },
      ...positionWrites(job, ending),
      ...(ending.heldUntil === undefined ? releases(job) : []),
    ]);
  } catch (error) {
    if (error instanceof ConditionFailed) return false;
    throw error;
  }
  await letOthersThrough(job, services);
  return true;
};

const endingWrite = (job: StoredJob, ended: StoredJob): Write => ({
  update: jobKey(job.organization_id, job.id),
  set: {
    status: ended.status,
    finished_at: ended.finished_at,
    metrics: ended.metrics,
    error: ended.error,
    events: ended.events,
    ...(ended.held_until !== undefined && {
      held_until: ended.held_until,
      ...dueKey(job.id, ended.held_until),
    }),
  },
  remove: ended.held_until === undefined ? [...notDue, 'look_ms', 'slot'] : ['look_ms'],
  if: {
    status: oneOf(...sourcesOf(ended.status)),
    attempt: job.attempt,
    events: job.events,
    epoch: job.epoch ?? absent,
  },
});

/** Gives back what the job holds: its connection's turn, its pool's slot. */
const releases = (job: StoredJob): Write[] => {
  const turn = { organizationId: job.organization_id, jobId: job.id, attempt: job.attempt };
  return [
    endTurn({ organizationId: job.organization_id, connectionId: job.connection_id }, job.id),
    ...(job.slot === undefined ? [] : [freeSlot(turn, job.pool, job.slot)]),
  ];
};

/** Frees what an ended job held for an invocation that might still have lived. */
export const releaseHeld = async (job: StoredJob, services: JobServices) => {
  const done: Write = {
    update: jobKey(job.organization_id, job.id),
    remove: [...notDue, 'held_until', 'slot'],
    if: { held_until: job.held_until },
  };
  try {
    await services.table.write([done, ...releases(job)]);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
  await letOthersThrough(job, services);
};

const positionWrites = (job: StoredJob, { positions }: Ending): Write[] =>
  positions && Object.keys(positions).length > 0
    ? [
        {
          update: connectionKey(job.organization_id, job.connection_id, 'STATE'),
          set: { tables: positions },
          if: { epoch: job.epoch },
        },
      ]
    : [];

const letOthersThrough = async (job: StoredJob, services: JobServices) => {
  await Promise.allSettled([
    services.events.wake(job.organization_id),
    dispatchConnection(job.organization_id, job.connection_id, services).then(() =>
      dispatchPool(job.organization_id, job.pool, services),
    ),
  ]);
};

/** The checkpoint copy that a finished table leaves. */
export const positionCopy = (position: string, cursorColumn: string | undefined, nowMs: number) => ({
  position,
  cursor_column: cursorColumn ?? null,
  updated_at: isoTime(nowMs),
});
