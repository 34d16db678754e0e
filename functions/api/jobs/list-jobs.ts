import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { jobRepository } from '#src/domain/jobs/job-repository.ts';
import { listJobs as pageOfJobs } from '#src/domain/jobs/list-jobs.ts';
import { presentJob } from '#src/domain/jobs/stored-job.ts';
import { waitForJobs } from '#src/domain/jobs/wait-for-jobs.ts';
import { executionLink } from '#src/lambda/execution-link.ts';
import { lambda } from '#src/lambda/http.ts';

/** With `ids`: those, in that order, and with `wait` when all are terminal. Else a page, newest first. */
export const listJobs = endpoint(routes.listJobs, async ({ query, caller, page }, { table, clock }) => {
  const jobs = jobRepository(table, caller.organizationId);
  const { ids, wait = 0 } = query;
  const { found, next } = ids
    ? { found: await waitForJobs(() => jobs.getMany(ids), wait, clock), next: undefined }
    : await pageOfJobs(jobs, query, page);
  return { items: found.map((one) => presentJob(one, executionLink)), next };
});

export const handler = lambda(listJobs);
