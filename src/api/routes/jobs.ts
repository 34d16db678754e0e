import { Job, JobListQuery, JobQuery, JobResults } from '#src/domain/jobs/job.ts';
import type { Route } from '../route.ts';

export const jobRoutes = {
  listJobs: {
    method: 'GET',
    path: '/api/v1/jobs',
    summary: 'List jobs, newest first, or wait for the ones in `ids`',
    scope: ['orchestration:read', 'pipelines:read'],
    query: JobListQuery,
    returns: [200, Job],
    list: true,
    timeoutSeconds: 29,
  },
  getJob: {
    method: 'GET',
    path: '/api/v1/jobs/{jobId}',
    summary: 'Get a job; with `wait`, as soon as it is terminal',
    scope: ['orchestration:read', 'pipelines:read'],
    query: JobQuery,
    returns: [200, Job],
    fails: ['not_found'],
    timeoutSeconds: 29,
  },
  getJobResults: {
    method: 'GET',
    path: '/api/v1/jobs/{jobId}/results',
    summary: 'What a terminal job did, table by table',
    scope: ['orchestration:read', 'pipelines:read'],
    returns: [200, JobResults],
    fails: ['not_found', 'job_not_terminal'],
  },
} as const satisfies Record<string, Route>;
