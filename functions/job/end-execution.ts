import * as z from 'zod';
import { lookAtJob } from '#src/domain/jobs/look-at-job.ts';
import { awsTable } from '#src/lambda/aws-table.ts';
import { systemClock } from '#src/lambda/clock.ts';
import { dispatch } from '#src/lambda/dispatch.ts';
import { task } from '#src/lambda/task.ts';

/** EventBridge's word of an execution that ended badly; its input names the job. */
const Ended = z.object({
  detail: z.object({
    input: z
      .string()
      .transform((text) => JSON.parse(text))
      .pipe(z.object({ organization_id: z.string(), job_id: z.string() })),
  }),
});

/** Looks at the job at once: one that its execution has not ended goes back to the queue. */
export const handler = task(Ended, ({ detail: { input } }) =>
  lookAtJob(input.organization_id, input.job_id, { table: awsTable(), clock: systemClock, ...dispatch() }),
);
