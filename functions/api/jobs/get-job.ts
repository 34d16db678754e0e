import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { jobRepository } from '#src/domain/jobs/job-repository.ts';
import { presentJob } from '#src/domain/jobs/stored-job.ts';
import { waitForJobs } from '#src/domain/jobs/wait-for-jobs.ts';
import { executionLink } from '#src/lambda/execution-link.ts';
import { lambda } from '#src/lambda/http.ts';

export const getJob = endpoint(routes.getJob, async ({ params, query, caller }, { table, clock }) => {
  const jobs = jobRepository(table, caller.organizationId);
  const read = async () => [await jobs.get(params.jobId)] as const;
  const [found] = await waitForJobs(read, query.wait ?? 0, clock);
  return presentJob(found, executionLink);
});

export const handler = lambda(getJob);
