import { beforeEach, describe, expect, it } from 'vitest';
import { ConnectorError, Fenced } from '#src/connectors/connector.ts';
import { connectionKey } from '#src/table/keys.ts';
import { copied, type JobsWorld, jobsWorld } from '#test/support/jobs-world.ts';
import { testWorld } from '#test/support/world.ts';
import { failJob } from '../../../functions/job/fail-job.ts';
import { runSlice } from '../../../functions/job/run-slice.ts';

const world = testWorld(); // its pool has two slots
let jobs: JobsWorld;
let connections: string[];

beforeEach(async () => {
  jobs = jobsWorld(world.services.table, world.organizationId);
  connections = [];
  for (const name of ['a', 'b', 'c']) connections.push(await world.aConnection({ name }));
});

const statusOf = async (id: string) => (await jobs.jobs.get(id)).job.status;
const connection = (index: number) => connections[index] ?? '';

describe('accepting a sync', () => {
  it('admits it at once where nothing waits: one slot, one turn, one execution', async () => {
    const { job, created } = await jobs.trigger(connection(0));

    expect([job.status, created]).toEqual(['running', true]);
    expect(jobs.running()).toEqual([`${job.id}-1`]);
    expect((await jobs.gate()).held).toEqual([{ number: job.slot, holder: `${job.id}/1` }]);
    expect((await jobs.live(connection(0))).running_id).toBe(job.id);
    expect((await jobs.events()).map(({ type }) => type)).toEqual(['job.queued', 'job.started']);
  });

  it('joins a sync that has not begun to read, and makes one where it has', async () => {
    const first = await jobs.trigger(connection(0));
    const joined = await jobs.trigger(connection(0), { priority: 'high' });
    expect([joined.job.id, joined.created, joined.job.priority]).toEqual([first.job.id, false, 'high']);

    jobs.copyTable.mockImplementationOnce(async () => {
      const second = await jobs.trigger(connection(0));
      const third = await jobs.trigger(connection(0));
      expect([second.created, second.job.status]).toEqual([true, 'queued']);
      expect([third.job.id, third.created]).toEqual([second.job.id, false]);
      return copied();
    });
    await jobs.drive(`${first.job.id}-1`);

    const [next = ''] = jobs.running();
    await jobs.drive(next);
    expect(jobs.running()).toEqual([]);
    expect((await jobs.jobs.get(first.job.id)).job).toMatchObject({ status: 'succeeded', joined_count: 1 });
  });

  it('refuses a twenty-first that waits', async () => {
    const { job } = await jobs.trigger(connection(0));
    jobs.copyTable.mockImplementationOnce(async () => {
      const table = world.services.table;
      const live = await jobs.live(connection(0));
      const queued = Array.from({ length: 20 }, (_, n) => ({
        id: `job_${n}`,
        rank: n,
        tables: ['another.table'],
      }));
      const key = connectionKey(world.organizationId, connection(0), 'LIVE');
      await table.write([{ put: { ...key, ...live, queued } }]);
      await expect(jobs.trigger(connection(0))).rejects.toMatchObject({ code: 'limit_reached' });
      return copied();
    });
    await jobs.drive(`${job.id}-1`);
  });

  it('D8 never lets more run than the pool has slots, whoever dispatches', async () => {
    const accepted = await Promise.all(connections.map((id) => jobs.trigger(id)));

    expect(jobs.running()).toHaveLength(2);
    expect((await jobs.gate()).held).toHaveLength(2);
    for (let name = jobs.running()[0]; name; name = jobs.running()[0]) {
      await jobs.drive(name);
      expect(jobs.running().length).toBeLessThanOrEqual(2);
    }
    for (const { job } of accepted) expect(await statusOf(job.id)).toBe('succeeded');
    expect((await jobs.gate()).held).toEqual([]);
  });

  it('B1 makes one job of twenty triggers at once', async () => {
    const accepted = await Promise.all(Array.from({ length: 20 }, () => jobs.trigger(connection(0))));

    expect(new Set(accepted.map(({ job }) => job.id)).size).toBe(1);
    expect(accepted.filter(({ created }) => created)).toHaveLength(1);
    const [first] = accepted;
    expect((await jobs.jobs.get(first?.job.id ?? '')).job.joined_count).toBe(19);
  }, 60_000);
});

describe('running a sync', () => {
  it('ends it once, with its result, position and event', async () => {
    const { job } = await jobs.trigger(connection(0), { metadata: { dag_run_id: 'r1' } });
    await jobs.drive(`${job.id}-1`);

    const { job: ended, notes } = await jobs.jobs.get(job.id);
    expect(ended).toMatchObject({
      status: 'succeeded',
      metrics: { rows_extracted: 10, rows_loaded: 10, bytes_read: 100 },
    });
    expect(notes.metadata).toEqual({ dag_run_id: 'r1' });
    expect((await jobs.events()).map(({ type }) => type)).toEqual([
      'job.queued',
      'job.started',
      'job.succeeded',
    ]);
    expect(
      await runSlice(
        { organization_id: world.organizationId, job_id: job.id, attempt: 1 },
        jobs.time,
        jobs.services,
      ),
    ).toMatchObject({ more: false });
    expect((await jobs.events()).length).toBe(3);
  });

  it('F10 gives every invocation a new epoch, and lets only the newest end the job', async () => {
    const { job } = await jobs.trigger(connection(0));
    const input = { organization_id: world.organizationId, job_id: job.id, attempt: 1 };
    const epochs: number[] = [];
    jobs.copyTable.mockImplementation(async ({ epoch }) => {
      epochs.push(epoch);
      if (epochs.length === 1) await runSlice(input, jobs.time, jobs.services); // a Retry while the first still runs
      return copied(epochs.length);
    });
    await runSlice(input, jobs.time, jobs.services);

    expect(epochs).toEqual([1, 2]);
    expect((await jobs.events()).map(({ type }) => type)).toEqual([
      'job.queued',
      'job.started',
      'job.succeeded',
    ]);
  });

  it('leaves the job to the newer invocation where the destination says so', async () => {
    const { job } = await jobs.trigger(connection(0));
    jobs.copyTable.mockRejectedValueOnce(new Fenced('newer'));

    await jobs.drive(`${job.id}-1`);

    expect(await statusOf(job.id)).toBe('running');
  });

  it('fails it with class, hint and retryable, and frees all it held', async () => {
    const { job } = await jobs.trigger(connection(0));
    const error = {
      code: 'x',
      message: 'no',
      class: 'source' as const,
      retryable: false,
      hint: 'do',
      table: 't',
    };
    jobs.copyTable.mockRejectedValueOnce(new ConnectorError(error));

    await jobs.drive(`${job.id}-1`);

    expect((await jobs.jobs.get(job.id)).job).toMatchObject({ status: 'failed', error });
    expect((await jobs.gate()).held).toEqual([]);
    expect((await jobs.live(connection(0))).running_id).toBeUndefined();
    expect((await jobs.events()).at(-1)?.type).toBe('job.failed');
    expect(jobs.fence).not.toHaveBeenCalled();
  });

  it('D6 shuts a slice out that may still live before it ends the job', async () => {
    const { job } = await jobs.trigger(connection(0));
    const input = { organization_id: world.organizationId, job_id: job.id, attempt: 1 };
    jobs.copyTable.mockImplementationOnce(async () => {
      await failJob({ ...input, error: { Error: 'States.Timeout', Cause: '' } }, jobs.time, jobs.services);
      return copied();
    });
    await runSlice(input, jobs.time, jobs.services);

    expect(jobs.fence).toHaveBeenCalledOnce();
    expect((await jobs.jobs.get(job.id)).job).toMatchObject({
      status: 'failed',
      error: { code: 'slice_lost' },
    });
    expect((await jobs.gate()).held).toEqual([]);
  });

  it('holds slots and turn where it cannot be shut out, until its time limit has passed', async () => {
    const { job } = await jobs.trigger(connection(0));
    const input = { organization_id: world.organizationId, job_id: job.id, attempt: 1 };
    jobs.copyTable.mockReturnValueOnce(new Promise(() => undefined));
    void runSlice(input, jobs.time, jobs.services);
    while (jobs.copyTable.mock.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
    jobs.fence.mockRejectedValue(new Error('unreachable'));
    await failJob({ ...input, error: { Error: 'States.Timeout', Cause: '' } }, jobs.time, jobs.services);

    expect(await statusOf(job.id)).toBe('failed');
    expect((await jobs.gate()).held).toHaveLength(1);
    expect((await jobs.live(connection(0))).running_id).toBe(job.id);
    await jobs.sweep();
    expect((await jobs.gate()).held).toHaveLength(1);

    jobs.clock.step(1_000_000);
    await jobs.sweep();
    expect((await jobs.gate()).held).toEqual([]);
    expect((await jobs.live(connection(0))).running_id).toBeUndefined();
  });
});

describe('the look of the sweeper', () => {
  it('E3 starts what was admitted and never started', async () => {
    const start = jobs.services.runner.start;
    jobs.services.runner.start = async () => {
      throw new Error('lost');
    };
    const { job } = await jobs.trigger(connection(0));
    expect(jobs.running()).toEqual([]);

    jobs.services.runner.start = start;
    await jobs.sweep();

    expect(jobs.running()).toEqual([`${job.id}-1`]);
  });

  it('puts a job whose execution ended badly back in the queue, as its next attempt', async () => {
    const { job } = await jobs.trigger(connection(0));
    jobs.executions.set(`${job.id}-1`, {
      status: 'ABORTED',
      input: { organization_id: '', job_id: '', attempt: 1 },
    });

    await jobs.sweep();

    expect(jobs.running()).toEqual([`${job.id}-2`]);
    await jobs.drive(`${job.id}-2`);
    expect((await jobs.jobs.get(job.id)).job).toMatchObject({ status: 'succeeded', attempt: 2 });
    expect((await jobs.events()).map(({ type }) => type)).toEqual([
      'job.queued',
      'job.started',
      'job.started',
      'job.succeeded',
    ]);
  });

  it('gives up after five lost executions, with an error that says so', async () => {
    const { job } = await jobs.trigger(connection(0));
    for (let attempt = 1; attempt <= 5; attempt++) {
      jobs.executions.set(`${job.id}-${attempt}`, {
        status: 'ABORTED',
        input: { organization_id: '', job_id: '', attempt },
      });
      await jobs.sweep();
    }
    expect((await jobs.jobs.get(job.id)).job).toMatchObject({
      status: 'failed',
      error: { code: 'execution_lost' },
    });
    expect((await jobs.gate()).held).toEqual([]);
  });

  it('D7 loses against a finish that came first, and runs twice without harm', async () => {
    const { job } = await jobs.trigger(connection(0));
    await Promise.all([jobs.drive(`${job.id}-1`), jobs.sweep(), jobs.sweep()]);

    expect(await statusOf(job.id)).toBe('succeeded');
    expect((await jobs.events()).filter(({ type }) => type === 'job.succeeded')).toHaveLength(1);
  });

  it('D5 two dispatchers admit a job once', async () => {
    const [first, second, third] = await Promise.all(connections.map((id) => jobs.trigger(id)));
    expect([first, second, third].map((one) => one?.created)).toEqual([true, true, true]);
    const [name = ''] = jobs.running();
    await jobs.drive(name);
    await Promise.all([jobs.sweep(), jobs.sweep(), jobs.sweep()]);

    const { held } = await jobs.gate();
    expect(new Set(held.map(({ holder }) => holder)).size).toBe(held.length);
    expect(jobs.running()).toHaveLength(2);
  });
});
