import type { JobStatus } from './job.ts';

/** Where a job may go next (architecture §5). Terminal states have no way out but the caller's retry. */
const nextStatuses: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  queued: ['running', 'cancelled', 'failed'],
  running: ['succeeded', 'failed', 'cancelled', 'cancelling', 'queued'],
  cancelling: ['cancelled', 'succeeded', 'failed'],
  succeeded: [],
  failed: ['queued'],
  cancelled: ['queued'],
  skipped: [],
};

/** The states from which a status can be reached: what a write's condition asks for. */
export const sourcesOf = (status: JobStatus) =>
  (Object.keys(nextStatuses) as JobStatus[]).filter((from) => nextStatuses[from].includes(status));
