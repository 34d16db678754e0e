import type { Runner } from './runner.ts';
import { executionName, type JobNotes, type StoredJob } from './stored-job.ts';

/** What `job.asl.json` and its Tasks are given: references, never data or secrets. */
const executionInput = (job: StoredJob, notes: JobNotes) =>
  JSON.stringify({
    organization_id: job.organization_id,
    job_id: job.id,
    attempt: job.attempt,
    credential_id: job.created_by.id,
    request_id: job.request_id,
    metadata: notes.metadata,
  });

/** Starts the job's attempt. Made from the stored job alone, so that every starter sends the same bytes. */
export const startExecution = (runner: Runner, job: StoredJob, notes: JobNotes) =>
  runner.start({ name: executionName(job), input: executionInput(job, notes) });
