import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { Failure } from '#src/domain/failure.ts';
import { terminalStatuses } from '#src/domain/jobs/job.ts';
import { jobRepository } from '#src/domain/jobs/job-repository.ts';
import { readResult } from '#src/domain/jobs/job-result.ts';
import { lambda } from '#src/lambda/http.ts';

export const getJobResults = endpoint(routes.getJobResults, async ({ params, caller }, { table }) => {
  const [{ job }, result] = await Promise.all([
    jobRepository(table, caller.organizationId).get(params.jobId),
    readResult(table, caller.organizationId, params.jobId),
  ]);
  if (!terminalStatuses.has(job.status)) {
    throw new Failure('job_not_terminal', `The job is ${job.status}.`, { retryAfterSeconds: 5 });
  }
  return { job_id: job.id, status: job.status, ...result, error: job.error ?? null };
});

export const handler = lambda(getJobResults);
