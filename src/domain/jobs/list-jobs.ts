import type { JobListQuery } from './job.ts';
import type { Found, jobRepository } from './job-repository.ts';
import type { StoredJob } from './stored-job.ts';

type Repository = ReturnType<typeof jobRepository>;

/** How many jobs a page looks at before it is answered short, with a cursor. */
const lookedAtMax = 500;
const chunk = 50;

const matches =
  ({ status, type, until }: JobListQuery) =>
  (job: StoredJob) =>
    (!status || status.includes(job.status)) &&
    (!type || type === job.type) &&
    (!until || job.created_at < Date.parse(until));

async function* newestFirst(jobs: Repository, query: JobListQuery, start: string | undefined) {
  let after = start;
  do {
    const { ids, next } = await jobs.listIds(query, { limit: chunk, ...(after && { after }) });
    yield* await jobs.getMany(ids);
    after = next;
  } while (after);
}

/** A page of jobs that fit the filters, newest first. Owners that do not exist yet have no jobs. */
export const listJobs = async (
  jobs: Repository,
  query: JobListQuery,
  page: { limit: number; after?: string | undefined },
): Promise<{ found: Found[]; next?: string }> => {
  if (query.pipeline_id || query.backfill_id || query.sync_id) return { found: [] };
  const fits = matches(query);
  const found: Found[] = [];
  let lookedAt = 0;
  for await (const one of newestFirst(jobs, query, page.after)) {
    lookedAt += 1;
    const last = found.at(-1)?.job.id;
    if (fits(one.job) && found.push(one) > page.limit)
      return { found: found.slice(0, -1), next: last ?? one.job.id };
    if (lookedAt === lookedAtMax) return { found, next: one.job.id };
  }
  return { found };
};
