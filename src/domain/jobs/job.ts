import * as z from 'zod';
import { idSchema } from '#src/domain/ids.ts';

export const JobType = z.enum(['connection_sync', 'backfill', 'pipeline_run', 'verification']);
export const JobStatus = z.enum([
  'queued',
  'running',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
  'skipped',
]);
export type JobStatus = z.output<typeof JobStatus>;

export const terminalStatuses: ReadonlySet<JobStatus> = new Set([
  'succeeded',
  'failed',
  'cancelled',
  'skipped',
]);

export const Priority = z.enum(['low', 'normal', 'high', 'critical']);
export type Priority = z.output<typeof Priority>;

const time = z.iso.datetime({ offset: true });

/** Why a job failed: free of secrets and row values, at most 4 KiB. */
export const JobError = z.object({
  code: z.string(),
  message: z.string(),
  class: z.enum(['configuration', 'source', 'destination', 'platform', 'cancelled', 'deadline']),
  retryable: z.boolean(),
  hint: z.string().optional(),
  table: z.string().optional(),
});
export type JobError = z.output<typeof JobError>;

export const JobMetrics = z.object({
  rows_extracted: z.int(),
  rows_loaded: z.int(),
  bytes_read: z.int(),
});
export type JobMetrics = z.output<typeof JobMetrics>;

/** Echoed on the job, its events and its executions: at most 20 keys and 4 KiB. */
export const JobMetadata = z
  .record(z.string().min(1).max(64), z.union([z.string(), z.number(), z.boolean(), z.null()]))
  .refine((metadata) => Object.keys(metadata).length <= 20, 'has more than 20 keys')
  .refine((metadata) => Buffer.byteLength(JSON.stringify(metadata)) <= 4096, 'is larger than 4 KiB');
export type JobMetadata = z.output<typeof JobMetadata>;

/** A job as callers see it (contract §3). */
export const Job = z
  .object({
    id: idSchema('job'),
    type: JobType,
    status: JobStatus,
    trigger: z.enum(['api', 'schedule', 'continuous', 'backfill', 'pipeline', 'event']),
    created_by: z.object({ type: z.string(), id: z.string(), name: z.string().nullable() }),
    connection_id: z.string().nullable(),
    pipeline_id: z.string().nullable(),
    backfill_id: z.string().nullable(),
    sync_id: z.string().nullable(),
    tables: z.array(z.string()),
    priority: Priority,
    attempt: z.int(),
    metadata: JobMetadata,
    joined: z.array(z.object({ at: time, by: z.string(), metadata: JobMetadata })),
    joined_count: z.int(),
    created_at: time,
    queued_at: time,
    started_at: time.nullable(),
    read_started_at: time.nullable(),
    finished_at: time.nullable(),
    duration_seconds: z.number().nullable(),
    metrics: JobMetrics.nullable(),
    error: JobError.nullable(),
    links: z.object({ execution: z.string().nullable() }),
  })
  .meta({ id: 'Job' });
export type Job = z.output<typeof Job>;

export const TableResult = z.object({
  name: z.string(),
  rows_extracted: z.int(),
  rows_loaded: z.int(),
  bytes_read: z.int(),
  checksum: z.string(),
  position: z.string().nullable(),
  ranges: z.array(
    z.object({ from: z.string().nullable(), to: z.string().nullable(), rows: z.int(), checksum: z.string() }),
  ),
});
export type TableResult = z.output<typeof TableResult>;

export const Warning = z.object({ code: z.string(), message: z.string() });

export const JobResults = z
  .object({
    job_id: idSchema('job'),
    status: JobStatus,
    tables: z.array(TableResult),
    warnings: z.array(Warning),
    error: JobError.nullable(),
  })
  .meta({ id: 'JobResults' });
export type JobResults = z.output<typeof JobResults>;

/** The body of a trigger. An id of a pipeline is a label; until pipelines exist every one is unknown. */
export const SyncRequest = z
  .strictObject({
    pipeline_id: z.string().optional(),
    priority: Priority.optional(),
    metadata: JobMetadata.optional(),
  })
  .meta({ id: 'SyncRequest' });
export type SyncRequest = z.output<typeof SyncRequest>;

export const SyncReply = z
  .object({ job: Job, created_by_this_request: z.boolean() })
  .meta({ id: 'SyncReply' });

const waitSeconds = z
  .string()
  .regex(/^\d{1,2}$/, 'must be a whole number of seconds from 0 to 20')
  .transform(Number)
  .refine((seconds) => seconds <= 20, 'must be a whole number of seconds from 0 to 20');

export const JobQuery = z.strictObject({ wait: waitSeconds.optional() });

const statuses = z
  .string()
  .transform((list) => list.split(','))
  .pipe(z.array(JobStatus).min(1));

const ids = z
  .string()
  .transform((list) => list.split(','))
  .pipe(z.array(z.string()).min(1).max(100));

/** What `GET /jobs` filters by; paging parameters are the wrapper's. */
export const JobListQuery = z.strictObject({
  ids: ids.optional(),
  wait: waitSeconds.optional(),
  connection_id: z.string().optional(),
  pipeline_id: z.string().optional(),
  backfill_id: z.string().optional(),
  sync_id: z.string().optional(),
  type: JobType.optional(),
  status: statuses.optional(),
  since: time.optional(),
  until: time.optional(),
});
export type JobListQuery = z.output<typeof JobListQuery>;
