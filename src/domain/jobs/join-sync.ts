import { type Clock, isoTime } from '#src/domain/clock.ts';
import { Failure } from '#src/domain/failure.ts';
import { enterQueue, leaveQueue, rankOf } from '#src/domain/gates/gate.ts';
import { jobKey } from '#src/table/keys.ts';
import type { Table, Write } from '#src/table/table.ts';
import { type Priority, Priority as PrioritySchema } from './job.ts';
import { type LiveSync, unchanged, waitForTurn } from './live-sync.ts';
import { type JobNotes, parseJob, parseNotes, type StoredJob } from './stored-job.ts';
import type { SyncTrigger } from './sync-trigger.ts';

/** How many of those who joined are listed; all are counted. */
const joinedMax = 20;

type Joined = { job: StoredJob; notes: JobNotes; writes: Write[] };

/**
 * Joins a sync that has not begun to read: the higher priority and the smaller rank win, the job keeps its metadata and
 * notes who joined. Decided on the version of the live sync, so that nobody joins one that has begun to read meanwhile.
 */
export const planJoin = async (
  trigger: SyncTrigger,
  live: LiveSync,
  jobId: string,
  { table, clock }: { table: Table; clock: Clock },
): Promise<Joined> => {
  const now = clock.now();
  const [before, noted] = await readJob(table, trigger.organizationId, jobId);
  const job = { ...before, ...raised(before, trigger, now), joined_count: before.joined_count + 1 };
  const entry = { at: isoTime(now), by: trigger.createdBy.id, metadata: trigger.request.metadata ?? {} };
  const notes = { ...noted, joined: [...noted.joined, entry].slice(0, joinedMax) };
  const isListed = before.joined_count < joinedMax; // beyond it joins only count, and never contend
  return {
    job,
    notes,
    writes: [
      ...movedForward(trigger, live, before, job),
      {
        update: jobKey(job.organization_id, job.id),
        set: { joined_count: job.joined_count, rank: job.rank, priority: job.priority },
        if: {
          joined_count: before.joined_count,
          status: before.status,
          attempt: job.attempt,
          rank: before.rank,
        },
      },
      ...(isListed ? [{ put: { ...jobKey(job.organization_id, job.id, 'METADATA'), ...notes } }] : []),
    ],
  };
};

const readJob = async (table: Table, organizationId: string, jobId: string) => {
  const [item, notes] = await Promise.all([
    table.get(jobKey(organizationId, jobId)),
    table.get(jobKey(organizationId, jobId, 'METADATA')),
  ]);
  if (!item)
    throw new Failure('dependency_down', 'The live sync is changing. Try again.', { retryAfterSeconds: 1 });
  return [parseJob(item), parseNotes(notes)] as const;
};

const raised = (
  job: StoredJob,
  { request }: SyncTrigger,
  now: number,
): { rank: number; priority: Priority } => {
  const asked = request.priority ?? 'normal';
  const order = PrioritySchema.options;
  return {
    rank: Math.min(job.rank, rankOf({ priority: asked, createdAt: now })),
    priority: order.indexOf(asked) > order.indexOf(job.priority) ? asked : job.priority,
  };
};

/** A lower rank moves the entry in the one queue where the job waits. */
const movedForward = (trigger: SyncTrigger, live: LiveSync, before: StoredJob, job: StoredJob): Write[] => {
  const place = { organizationId: trigger.organizationId, connectionId: trigger.connectionId };
  if (before.rank === job.rank) return [unchanged(place, live)];
  if (live.running_id !== job.id) {
    return [waitForTurn(place, live, { id: job.id, rank: job.rank, tables: job.tables })];
  }
  if (before.status !== 'queued') return [unchanged(place, live)];
  const turn = { organizationId: job.organization_id, jobId: job.id, attempt: job.attempt };
  return [
    unchanged(place, live),
    leaveQueue({ ...turn, rank: before.rank }, job.pool),
    enterQueue({ ...turn, rank: job.rank }, job.pool),
  ];
};
