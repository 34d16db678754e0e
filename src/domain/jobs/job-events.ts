import { type NewEvent, outbox } from '#src/domain/events/outbox.ts';
import { listKey } from '#src/table/keys.ts';
import type { Item } from '#src/table/table.ts';
import type { JobStatus } from './job.ts';
import type { JobNotes, StoredJob } from './stored-job.ts';

type JobEvent = 'job.queued' | 'job.started' | 'job.succeeded' | 'job.failed' | 'job.cancelled';

/** A job that is accepted and admitted at once was queued all the same. */
const statusThen: Partial<Record<JobEvent, JobStatus>> = { 'job.queued': 'queued' };

/** An event of a job as it is then; `number` counts the job's events from 1. */
const jobEvent = (type: JobEvent, number: number, job: StoredJob, notes: JobNotes): NewEvent => ({
  type,
  job_sequence: number,
  causation: { depth: 0, job_ids: [job.id] },
  data: {
    job_id: job.id,
    job_type: job.type,
    status: statusThen[type] ?? job.status,
    attempt: job.attempt,
    duration_seconds: durationSeconds(job),
    connection_id: job.connection_id,
    pipeline_id: null,
    backfill_id: null,
    sync_id: null,
    metadata: notes.metadata,
    metrics: job.metrics ?? null,
    error: job.error ?? null,
    links: { job: `/api/v1/jobs/${job.id}` },
  },
  ...(type === 'job.queued' && job.attempt === 1 && { lists: listEntries(job) }),
});

const durationSeconds = ({ started_at, finished_at }: StoredJob) =>
  started_at === undefined || finished_at === undefined ? null : Math.max(0, finished_at - started_at) / 1000;

/** Fan-out puts these with the first event; they only point at the job. */
const listEntries = ({ organization_id, connection_id, id }: StoredJob): Item[] =>
  ['jobs', connection_id].map((owner) => listKey(organization_id, owner, id));

/** The outbox item of a job's change; `types` happened in this order and end with `job.events`. */
export const jobOutbox = (types: readonly JobEvent[], job: StoredJob, notes: JobNotes, at: number): Item =>
  outbox(
    job.organization_id,
    at,
    types.map((type, index) => jobEvent(type, job.events - types.length + index + 1, job, notes)),
  );
