import { enterQueue, type Gate, leaveQueue, readGate, takeSlot } from '#src/domain/gates/gate.ts';
import { connectionKey, dueKey, jobKey } from '#src/table/keys.ts';
import { ConditionFailed, type Write } from '#src/table/table.ts';
import { startExecution } from './execution.ts';
import { jobOutbox } from './job-events.ts';
import { LiveSync, nextTurn } from './live-sync.ts';
import { lookRunningMs } from './look.ts';
import type { JobServices } from './runner.ts';
import { parseJob, parseNotes, type StoredJob } from './stored-job.ts';

/** Commits a step, or says that somebody else took it first. */
const tookIt = async (services: JobServices, writes: Write[]) => {
  try {
    await services.table.write(writes);
    return true;
  } catch (error) {
    if (error instanceof ConditionFailed) return false;
    throw error;
  }
};

const roundsMax = 50;

/**
 * Lets the first sync that waits for its connection take its turn and queue at its pool. Whoever ends a turn and whoever
 * commits an entry calls this after the commit: both write first and look second, so no wake-up is lost but by a crash.
 */
export const dispatchConnection = async (
  organizationId: string,
  connectionId: string,
  services: JobServices,
): Promise<void> => {
  for (let round = 0; round < roundsMax; round++) {
    const item = await services.table.get(connectionKey(organizationId, connectionId, 'LIVE'));
    if (!item) return;
    const writes = await turnOfFirst({ organizationId, connectionId }, LiveSync.parse(item), services);
    if (writes.length === 0 || (await tookIt(services, writes))) return;
  }
};

const turnOfFirst = async (
  place: { organizationId: string; connectionId: string },
  live: LiveSync,
  { table }: JobServices,
): Promise<Write[]> => {
  const [first] = live.queued;
  if (!first || live.paused || live.running_id !== undefined) return [];
  const item = await table.get(jobKey(place.organizationId, first.id));
  if (!item) return [];
  const { attempt, pool } = parseJob(item);
  const entry = { organizationId: place.organizationId, jobId: first.id, attempt, rank: first.rank };
  return [nextTurn(place, live, live.queued), enterQueue(entry, pool)];
};

/** Admits the first entries of a pool's queue while slots are free, and starts their executions. */
export const dispatchPool = async (
  organizationId: string,
  pool: string,
  services: JobServices,
): Promise<void> => {
  for (let round = 0; round < roundsMax; round++) {
    const gate = await readGate(services.table, organizationId, pool);
    if (gate.free.length === 0 || gate.waiting.length === 0) return;
    const admitted = await admitFirst(organizationId, pool, gate, services);
    await Promise.allSettled(admitted.map((job) => begin(job, services)));
  }
};

const admitFirst = async (organizationId: string, pool: string, gate: Gate, services: JobServices) => {
  const admitted: StoredJob[] = [];
  for (const [index, slot] of gate.free.slice(0, gate.waiting.length).entries()) {
    const entry = gate.waiting[index];
    if (!entry) break;
    const turn = { organizationId, jobId: entry.job_id, attempt: entry.attempt, rank: entry.rank };
    const job = await admit(turn, pool, slot, services);
    if (job) admitted.push(job);
  }
  return admitted;
};

type Entry = Parameters<typeof leaveQueue>[0];

/** Slot, entry, job and event in one transaction; nothing where any of them has moved on. */
const admit = async (entry: Entry, pool: string, slot: number, services: JobServices) => {
  const key = jobKey(entry.organizationId, entry.jobId);
  const [item, noted] = await Promise.all([
    services.table.get(key),
    services.table.get(jobKey(entry.organizationId, entry.jobId, 'METADATA')),
  ]);
  const before = item && parseJob(item);
  if (before?.status !== 'queued' || before.attempt !== entry.attempt) {
    await tookIt(services, [leaveQueue(entry, pool)]); // an entry that outlived its job's wait
    return undefined;
  }
  const now = services.clock.now();
  const started = {
    slot,
    status: 'running' as const,
    started_at: before.started_at ?? now,
    events: before.events + 1,
  };
  const job: StoredJob = { ...before, ...started };
  const done = await tookIt(services, [
    takeSlot(entry, pool, slot),
    leaveQueue(entry, pool),
    {
      update: key,
      set: { ...started, ...dueKey(job.id, now + lookRunningMs) },
      remove: ['look_ms'],
      if: { status: 'queued', attempt: before.attempt, events: before.events },
    },
    { put: jobOutbox(['job.started'], job, parseNotes(noted), now) },
  ]);
  return done ? job : undefined;
};

const begin = async (job: StoredJob, services: JobServices) => {
  const noted = await services.table.get(jobKey(job.organization_id, job.id, 'METADATA'));
  await Promise.allSettled([
    startExecution(services.runner, job, parseNotes(noted)),
    services.events.wake(job.organization_id),
  ]);
};
