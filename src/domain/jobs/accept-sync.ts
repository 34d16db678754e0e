import type { Commit } from '#src/domain/commit.ts';
import type { StoredConnection } from '#src/domain/connections/connection.ts';
import { readConnection } from '#src/domain/connections/connection-repository.ts';
import { Failure, notFound } from '#src/domain/failure.ts';
import { defaultPool, enterQueue, type Gate, rankOf, readGate, takeSlot } from '#src/domain/gates/gate.ts';
import { newId } from '#src/domain/ids.ts';
import { connectionKey, dueKey, jobKey } from '#src/table/keys.ts';
import { ConditionFailed, type Item, type Write } from '#src/table/table.ts';
import { dispatchConnection, dispatchPool } from './dispatch.ts';
import { startExecution } from './execution.ts';
import { jobOutbox } from './job-events.ts';
import { planJoin } from './join-sync.ts';
import { joinable, LiveSync, queuedMax, takeTurn, waitForTurn } from './live-sync.ts';
import { lookRunningMs, lookWaitingMs } from './look.ts';
import type { JobServices } from './runner.ts';
import type { JobNotes, StoredJob } from './stored-job.ts';
import { type SyncTrigger, tablesOf } from './sync-trigger.ts';

export type Accepted = { job: StoredJob; notes: JobNotes; created: boolean };

type Reply = (accepted: Accepted) => unknown;
/** A decision that the transaction may still refuse; `started` where it admits the job as well. */
type Plan = Accepted & { writes: Write[]; started: boolean };

/** How often a decision is made anew because the live sync or the slot changed under it. */
const decisionsMax = 40;
/**
 * Accepts a trigger (`if_running: coalesce`): joins a sync that has not begun to read, else makes one. Job, turn, slot
 * or queue entry, events, idempotency record and audit entry are one transaction, which also admits the job where both
 * gates are open and empty. Nothing is started before the commit.
 * @throws Failure `conflict` while paused, `limit_reached` behind 20 waiting syncs.
 */
export const acceptSync = async (
  trigger: SyncTrigger,
  { commit, reply }: { commit: Commit; reply: Reply },
  services: JobServices,
): Promise<Accepted> => {
  for (let decision = 1; ; decision++) {
    const plan = await planSync(trigger, services);
    const { writes, ...accepted } = plan;
    try {
      await commit({
        writes,
        action: 'connection.sync',
        resource: { type: 'job', id: plan.job.id },
        reply: reply(accepted),
      });
    } catch (error) {
      if (!(error instanceof ConditionFailed) || decision === decisionsMax) throw error;
      await services.clock.sleep(jitterMs(decision));
      continue;
    }
    await moveOn(plan, services);
    return accepted;
  }
};

const jitterMs = (decision: number) =>
  (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % Math.min(5 * 2 ** decision, 200);

/** After the commit: what is not done here, the sweeper does. */
const moveOn = async ({ job, notes, started, created }: Plan, services: JobServices) => {
  if (!created) return;
  await Promise.allSettled([
    services.events.wake(job.organization_id),
    started ? startExecution(services.runner, job, notes) : dispatch(job, services),
  ]);
};

const dispatch = async (job: StoredJob, services: JobServices) => {
  await dispatchConnection(job.organization_id, job.connection_id, services);
  await dispatchPool(job.organization_id, job.pool, services);
};

const planSync = async (trigger: SyncTrigger, { table, clock }: JobServices): Promise<Plan> => {
  const { organizationId, connectionId } = trigger;
  const [connection, item, gate] = await Promise.all([
    readConnection(table, organizationId, connectionId),
    table.get(connectionKey(organizationId, connectionId, 'LIVE')),
    readGate(table, organizationId, defaultPool),
  ]);
  if (!item) throw notFound('connection');
  const live = LiveSync.parse(item);
  if (live.paused) throw new Failure('conflict', 'The connection is paused. Resume it, then trigger again.');

  const joined = joinable(live, tablesOf(connection));
  if (!joined) return planNew({ ...trigger, connection }, live, gate, clock.now());
  return { ...(await planJoin(trigger, live, joined, { table, clock })), created: false, started: false };
};

type NewSync = SyncTrigger & { connection: StoredConnection };

const planNew = (trigger: NewSync, live: LiveSync, gate: Gate, now: number): Plan => {
  const waits = live.running_id !== undefined || live.queued.length > 0;
  if (waits && live.queued.length >= queuedMax) {
    throw new Failure('limit_reached', `${queuedMax} syncs of this connection wait already.`, {
      retryAfterSeconds: 60,
    });
  }
  const [slot] = gate.waiting.length === 0 && !waits ? gate.free : [];
  const job = newJob(trigger, slot, now);
  const notes = { metadata: trigger.request.metadata ?? {}, joined: [] };
  const writes: Write[] = [
    ...entry(job, live, waits),
    ...jobItems(job, notes).map((put) => ({ put })),
    { put: jobOutbox(slot === undefined ? ['job.queued'] : ['job.queued', 'job.started'], job, notes, now) },
  ];
  return { job, notes, created: true, started: slot !== undefined, writes };
};

/** Where the new job stands: behind others of its connection, behind others of its pool, or in a slot. */
const entry = (job: StoredJob, live: LiveSync, waits: boolean): Write[] => {
  const place = { organizationId: job.organization_id, connectionId: job.connection_id };
  const sync = { id: job.id, rank: job.rank, tables: job.tables };
  if (waits) return [waitForTurn(place, live, sync)];
  const turn = { organizationId: job.organization_id, jobId: job.id, attempt: job.attempt, rank: job.rank };
  return [
    takeTurn(place, live, sync),
    job.slot === undefined ? enterQueue(turn, job.pool) : takeSlot(turn, job.pool, job.slot),
  ];
};

const newJob = (
  { organizationId, connection, request, createdBy, requestId }: NewSync,
  slot: number | undefined,
  now: number,
): StoredJob => {
  const priority = request.priority ?? 'normal';
  return {
    id: newId('job', now),
    organization_id: organizationId,
    type: 'connection_sync',
    status: slot === undefined ? 'queued' : 'running',
    trigger: 'api',
    created_by: createdBy,
    request_id: requestId,
    connection_id: connection.id,
    connection_version: connection.version,
    tables: tablesOf(connection),
    priority,
    rank: rankOf({ priority, createdAt: now }),
    pool: defaultPool,
    attempt: 1,
    ...(slot !== undefined && { slot, started_at: now }),
    events: slot === undefined ? 1 : 2,
    joined_count: 0,
    created_at: now,
    queued_at: now,
  };
};

/** The items of a new job: itself with the time of the first look, and what was said of it, if anything. */
const jobItems = (job: StoredJob, notes: JobNotes): Item[] => {
  const look = job.created_at + (job.status === 'running' ? lookRunningMs : lookWaitingMs);
  const items: Item[] = [{ ...jobKey(job.organization_id, job.id), ...job, ...dueKey(job.id, look) }];
  if (Object.keys(notes.metadata).length > 0) {
    items.push({ ...jobKey(job.organization_id, job.id, 'METADATA'), ...notes });
  }
  return items;
};
