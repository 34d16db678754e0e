import * as z from 'zod';
import { idSchema } from '#src/domain/ids.ts';
import { JobError, JobMetadata, JobMetrics, JobStatus, JobType } from '#src/domain/jobs/job.ts';

/** Absent means null: the outbox leaves nulls out. */
const orNull = <S extends z.ZodType>(schema: S) => schema.nullable().default(null);

const links = z.record(z.string(), z.string().nullable());

const JobEventData = z.object({
  job_id: z.string(),
  job_type: JobType,
  status: JobStatus,
  attempt: z.int(),
  duration_seconds: orNull(z.number()),
  connection_id: orNull(z.string()),
  pipeline_id: orNull(z.string()),
  backfill_id: orNull(z.string()),
  sync_id: orNull(z.string()),
  metadata: JobMetadata,
  metrics: orNull(JobMetrics),
  error: orNull(JobError),
  links,
});

const BackfillEventData = z.object({
  backfill_id: z.string(),
  status: z.string(),
  connection_id: z.string(),
  duration_seconds: orNull(z.number()),
  progress_percent: z.number(),
  rows_processed: z.int(),
  chunks: z.record(z.string(), z.int()),
  error: orNull(JobError.extend({ chunk: z.string().optional() })),
  links,
});

const ChunkEventData = BackfillEventData.extend({
  job_id: z.string(),
  table: z.string(),
  start_at: z.string(),
  end_at: z.string(),
});

const SyncEventData = z.object({
  sync_id: z.string(),
  job_id: z.string().optional(),
  skip_reason: z.string().optional(),
});

/** Every type of event with what its `data` holds: the closed list (contract §6). */
const eventData = {
  'job.queued': JobEventData,
  'job.started': JobEventData,
  'job.succeeded': JobEventData,
  'job.failed': JobEventData,
  'job.cancelled': JobEventData,
  'backfill.started': BackfillEventData,
  'backfill.chunk_completed': ChunkEventData,
  'backfill.chunk_failed': ChunkEventData,
  'backfill.completed': BackfillEventData,
  'backfill.failed': BackfillEventData,
  'backfill.cancelled': BackfillEventData,
  'sync.paused': SyncEventData,
  'sync.resumed': SyncEventData,
  'sync.skipped': SyncEventData,
  'sync.disabled': SyncEventData,
  'webhook.disabled': z.object({ webhook_id: z.string(), reason: z.string() }),
  'api_key.created': z.object({ key_id: z.string(), name: z.string(), scopes: z.array(z.string()) }),
} as const;

export type EventType = keyof typeof eventData;
export const eventTypes = Object.keys(eventData) as [EventType, ...EventType[]];
export const EventType = z.enum(eventTypes);

export type EventData = { [T in EventType]: z.output<(typeof eventData)[T]> };

/** How long the chain of events is that led here; a receiver quotes it in `X-Planasonix-Causation`. */
export const Causation = z.object({ depth: z.int(), job_ids: z.array(z.string()) });
export type Causation = z.output<typeof Causation>;

/** What a receiver gets, what the feed holds and what lies on the bus, byte for byte the same. */
export const payloadOf = <T extends EventType>(type: T) =>
  z
    .object({
      id: idSchema('event'),
      type: z.literal(type),
      created_at: z.iso.datetime(),
      job_sequence: z.int().optional(),
      organization_id: z.string(),
      causation: Causation,
      sequence: z.int(),
      data: eventData[type],
    })
    .meta({ id: `event_${type.replace('.', '_')}` });
