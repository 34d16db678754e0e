import { notFound } from '#src/domain/failure.ts';
import { firstIdAt } from '#src/domain/ids.ts';
import { jobKey, listKey } from '#src/table/keys.ts';
import type { Item, Table } from '#src/table/table.ts';
import type { JobListQuery } from './job.ts';
import { type JobNotes, parseJob, parseNotes, type StoredJob } from './stored-job.ts';

export type Found = { job: StoredJob; notes: JobNotes };

const foundOf = (items: readonly Item[], organizationId: string, jobId: string): Found | undefined => {
  const { pk } = jobKey(organizationId, jobId);
  const item = items.find((one) => one.pk === pk && one.sk === 'META');
  return (
    item && {
      job: parseJob(item),
      notes: parseNotes(items.find((one) => one.pk === pk && one.sk === 'METADATA')),
    }
  );
};

const keysOf = (organizationId: string, jobId: string) => [
  jobKey(organizationId, jobId),
  jobKey(organizationId, jobId, 'METADATA'),
];

/** Reads jobs of one organization; every read by id is strong. */
export const jobRepository = (table: Table, organizationId: string) => ({
  /** @throws Failure `not_found` */
  async get(jobId: string): Promise<Found> {
    const found = foundOf(await table.getMany(keysOf(organizationId, jobId)), organizationId, jobId);
    if (!found) throw notFound('job');
    return found;
  },

  /** In the order of `jobIds` (≤ 50 a read); unknown ids are left out. */
  async getMany(jobIds: readonly string[]): Promise<Found[]> {
    const pages = Array.from({ length: Math.ceil(jobIds.length / 50) }, (_, page) =>
      jobIds.slice(page * 50, page * 50 + 50),
    );
    const read = await Promise.all(
      pages.map(async (ids) => {
        const items = await table.getMany(ids.flatMap((id) => keysOf(organizationId, id)));
        return ids.flatMap((id) => foundOf(items, organizationId, id) ?? []);
      }),
    );
    return read.flat();
  },

  /** A page of ids, newest first, from the list of one owner; `next` continues behind the last one. */
  async listIds(
    query: Pick<JobListQuery, 'connection_id' | 'since' | 'until'>,
    page: { limit: number; after?: string | undefined },
  ) {
    const owner = query.connection_id ?? 'jobs';
    const { pk } = listKey(organizationId, owner);
    const found = await table.query({
      pk,
      from: query.since ? firstIdAt('job', Date.parse(query.since)) : 'job_',
      to: query.until ? firstIdAt('job', Date.parse(query.until)) : 'job_~',
      descending: true,
      limit: page.limit,
      ...(page.after && { after: listKey(organizationId, owner, page.after) }),
    });
    return { ids: found.items.map(({ sk }) => sk), next: found.next?.sk };
  },
});
