import * as z from 'zod';
import { ConnectorError } from '#src/connectors/connector.ts';
import { JobError } from '#src/domain/jobs/job.ts';

/** Thrown by a Task for job.asl.json: `Transient` is retried there, `Permanent` goes to FailJob. The message is the job's error. */
export class TaskError extends Error {
  constructor(name: 'Transient' | 'Permanent', error: JobError, options?: ErrorOptions) {
    super(JSON.stringify(error), options);
    this.name = name;
  }
}

const textMax = 1000;
const capped = (text: string) => text.slice(0, textMax);

/** A failed copy in the job's terms; what is not a ConnectorError is ours, and says nothing of its own. */
export const jobErrorOf = (error: unknown): JobError =>
  error instanceof ConnectorError
    ? {
        code: error.code,
        message: capped(error.message),
        class: error.class,
        retryable: error.retryable,
        ...(error.hint !== undefined && { hint: capped(error.hint) }),
        ...(error.table !== undefined && { table: error.table }),
      }
    : {
        code: 'internal_error',
        message: 'The job failed for a reason of ours.',
        class: 'platform',
        retryable: true,
        hint: 'Look at the log of run-slice for this job.',
      };

export const taskErrorOf = (error: unknown) => {
  const jobError = jobErrorOf(error);
  return new TaskError(jobError.retryable ? 'Transient' : 'Permanent', jobError, { cause: error });
};

/** What a Catch of job.asl.json puts under `error`. */
export const CaughtError = z.object({ Error: z.string(), Cause: z.string().default('') });
export type CaughtError = z.output<typeof CaughtError>;

const LambdaCause = z.object({ errorMessage: z.string() });

/** Whether the Task said itself that it had stopped; of any other end nobody knows whether it still lives. */
export const hasStopped = ({ Error: name }: CaughtError) => name === 'Transient' || name === 'Permanent';

/** The job's error out of a Catch. */
export const caughtJobError = (caught: CaughtError): JobError => {
  if (hasStopped(caught)) {
    const { errorMessage } = LambdaCause.parse(JSON.parse(caught.Cause));
    return JobError.parse(JSON.parse(errorMessage));
  }
  return {
    code: 'slice_lost',
    message: `The worker ended without an answer (${capped(caught.Error)}).`,
    class: 'platform',
    retryable: true,
    hint: 'Look at the log of run-slice for this job, then trigger again.',
  };
};
