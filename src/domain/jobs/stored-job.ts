import * as z from 'zod';
import { isoTime } from '#src/domain/clock.ts';
import type { Item } from '#src/table/table.ts';
import { type Job, JobError, JobMetadata, JobMetrics, JobStatus, JobType, Priority } from './job.ts';

/** A job as the table holds it; times are epoch milliseconds. Kept under 1 KB: metadata is an item of its own. */
export const StoredJob = z.object({
  id: z.string(),
  organization_id: z.string(),
  type: JobType,
  status: JobStatus,
  trigger: z.enum(['api', 'schedule', 'continuous', 'backfill', 'pipeline', 'event']),
  created_by: z.object({ type: z.string(), id: z.string(), name: z.string().nullable() }),
  request_id: z.string(),
  connection_id: z.string(),
  /** The connection as it was when the job was accepted. */
  connection_version: z.int(),
  tables: z.array(z.string()),
  priority: Priority,
  rank: z.int(),
  pool: z.string(),
  attempt: z.int(),
  /** The number of the pool's slot while it is held. */
  slot: z.int().optional(),
  /** The newest invocation's epoch in this attempt. */
  epoch: z.int().optional(),
  /** When that invocation's time limit has passed for certain. */
  epoch_until: z.int().optional(),
  /** How many events the job has had: the next one's number. */
  events: z.int(),
  joined_count: z.int(),
  created_at: z.int(),
  queued_at: z.int(),
  started_at: z.int().optional(),
  read_started_at: z.int().optional(),
  finished_at: z.int().optional(),
  /** Set on a terminal job whose slots stay held until then, since an invocation may still live. */
  held_until: z.int().optional(),
  metrics: JobMetrics.optional(),
  error: JobError.optional(),
  /** The sweeper's last step, doubled at each look. */
  look_ms: z.int().optional(),
});
export type StoredJob = z.output<typeof StoredJob>;

/** What callers said of a job, beside it. */
export const JobNotes = z.object({
  metadata: JobMetadata.default({}),
  joined: z.array(z.object({ at: z.string(), by: z.string(), metadata: JobMetadata })).default([]),
});
export type JobNotes = z.output<typeof JobNotes>;

export const parseJob = (item: Item) => StoredJob.parse(item);
export const parseNotes = (item: Item | undefined) => JobNotes.parse(item ?? {});

const timeOrNull = (epochMs: number | undefined) => (epochMs === undefined ? null : isoTime(epochMs));

/** Where an operator finds the execution of the job's attempt. */
export type ExecutionLink = (executionName: string) => string;

export const executionName = ({ id, attempt }: Pick<StoredJob, 'id' | 'attempt'>) => `${id}-${attempt}`;

const durationOf = ({ started_at, finished_at }: StoredJob) =>
  started_at === undefined || finished_at === undefined ? null : Math.max(0, finished_at - started_at) / 1000;

/** The job as callers see it. */
export const presentJob = (
  { job, notes }: { job: StoredJob; notes: JobNotes },
  link: ExecutionLink,
): Job => ({
  id: job.id,
  type: job.type,
  status: job.status,
  trigger: job.trigger,
  created_by: job.created_by,
  connection_id: job.connection_id,
  pipeline_id: null,
  backfill_id: null,
  sync_id: null,
  tables: job.tables,
  priority: job.priority,
  attempt: job.attempt,
  metadata: notes.metadata,
  joined: notes.joined,
  joined_count: job.joined_count,
  created_at: isoTime(job.created_at),
  queued_at: isoTime(job.queued_at),
  started_at: timeOrNull(job.started_at),
  read_started_at: timeOrNull(job.read_started_at),
  finished_at: timeOrNull(job.finished_at),
  duration_seconds: durationOf(job),
  metrics: job.metrics ?? null,
  error: job.error ?? null,
  links: { execution: job.started_at === undefined ? null : link(executionName(job)) },
});
