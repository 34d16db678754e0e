import { describe, expect, it } from 'vitest';
import { fanOut } from '#src/domain/events/fan-out.ts';
import { testWorld } from '#test/support/world.ts';
import { syncConnection } from '../../functions/api/connections/sync-connection.ts';
import { getJob } from '../../functions/api/jobs/get-job.ts';
import { getJobResults } from '../../functions/api/jobs/get-job-results.ts';
import { listJobs } from '../../functions/api/jobs/list-jobs.ts';

const world = testWorld();

const fanOutAll = () =>
  fanOut(world.organizationId, {
    table: world.services.table,
    clock: world.services.clock,
    deliveries: { send: async () => undefined },
    bus: { publish: async () => undefined },
    report: () => undefined,
  });

const triggered = async (count: number) => {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const connectionId = await world.aConnection({ name: `connection ${n}` });
    const { body } = await world.call(syncConnection, { params: { connectionId } });
    ids.push(body.data.job.id);
    world.services.clock.step(1000);
  }
  await fanOutAll();
  return ids;
};

const idsOf = (body: { data: { id: string }[] }) => body.data.map(({ id }) => id);

describe('GET /api/v1/jobs', () => {
  it('200 lists newest first, page after page, each job once', async () => {
    const ids = await triggered(5);

    const first = await world.call(listJobs, { query: { limit: '3' } });
    const second = await world.call(listJobs, { query: { limit: '3', cursor: first.body.meta.page.cursor } });

    expect([...idsOf(first.body), ...idsOf(second.body)]).toEqual(ids.toReversed());
    expect(second.body.meta.page).toEqual({ limit: 3, cursor: null });
  });

  it('200 filters by connection, status and time; what does not exist has no jobs', async () => {
    const [oldest = '', ...rest] = await triggered(3);
    const { body } = await world.call(getJob, { params: { jobId: oldest } });
    const { connection_id, created_at } = body.data;

    const byConnection = await world.call(listJobs, { query: { connection_id } });
    const running = await world.call(listJobs, { query: { status: 'running,queued' } });
    const failed = await world.call(listJobs, { query: { status: 'failed' } });
    const later = await world.call(listJobs, { query: { since: '2030-01-01T00:00:00.500Z' } });
    const turned = await world.call(listJobs, {
      query: { since: '2031-01-01T00:00:00Z', until: created_at },
    });
    const foreign = await world.call(listJobs, { query: { connection_id: 'conn_#' } });

    expect(idsOf(byConnection.body)).toEqual([oldest]);
    expect(idsOf(running.body)).toHaveLength(3);
    expect(idsOf(later.body)).toEqual(rest.toReversed());
    for (const empty of [failed, turned, foreign]) expect(empty.body.data).toEqual([]);
  });

  it('200 answers the named jobs in their order, unknown ones left out', async () => {
    const [a = '', b = ''] = await triggered(2);

    const { body } = await world.call(listJobs, { query: { ids: `${b},job_nothing,${a}` } });

    expect(idsOf(body)).toEqual([b, a]);
  });
});

describe('GET /api/v1/jobs/{jobId}/results', () => {
  it('409 while the job is not terminal', async () => {
    const [jobId = ''] = await triggered(1);

    const answer = await world.call(getJobResults, { params: { jobId } });

    expect(answer.status).toBe(409);
    expect(answer.body.error.code).toBe('job_not_terminal');
    expect(answer.headers['retry-after']).toBe('5');
  });
});

describe('POST /api/v1/connections/{connectionId}/sync', () => {
  it('404 for a pipeline, which do not exist yet', async () => {
    const connectionId = await world.aConnection();

    const answer = await world.call(syncConnection, {
      params: { connectionId },
      body: { pipeline_id: 'pl_1' },
    });

    expect([answer.status, answer.body.error.code]).toEqual([404, 'not_found']);
  });

  it('409 while the connection is paused', async () => {
    const connectionId = await world.aConnection({ status: 'paused' });

    const answer = await world.call(syncConnection, { params: { connectionId } });

    expect([answer.status, answer.body.error.code]).toEqual([409, 'conflict']);
  });
});
