import { beforeEach, describe, expect, it } from 'vitest';
import type { Table } from '#src/table/table.ts';
import { type JobsWorld, jobsWorld } from '#test/support/jobs-world.ts';
import { testWorld } from '#test/support/world.ts';
import type { WorkerServices } from '../../../functions/job/worker.ts';

const world = testWorld();
let connections = 0;
let jobs: JobsWorld;

beforeEach(() => {
  jobs = jobsWorld(world.services.table, world.organizationId);
});

class Crash extends Error {}

/** Dies at the k-th outside call, before it is sent or after it was done, and stays dead. */
const dyingAt = (
  k: number,
  mode: 'before' | 'lostReply',
  { table, runner, events, ...rest }: WorkerServices,
) => {
  let calls = 0;
  const through = async <T>(call: () => Promise<T>): Promise<T> => {
    calls += 1;
    if (calls > k || (calls === k && mode === 'before')) throw new Crash();
    const result = await call();
    if (calls === k) throw new Crash();
    return result;
  };
  const guarded: Table = {
    get: (key) => through(() => table.get(key)),
    getMany: (keys) => through(() => table.getMany(keys)),
    query: (query) => through(() => table.query(query)),
    write: (writes) => through(() => table.write(writes)),
    update: (write) => through(() => table.update(write)),
  };
  const services: WorkerServices = {
    ...rest,
    table: guarded,
    runner: {
      start: (execution) => through(() => runner.start(execution)),
      describe: (name) => through(() => runner.describe(name)),
    },
    events: { wake: (id) => through(() => events.wake(id)) },
  };
  return { services, calls: () => calls };
};

const ended = ['job.succeeded', 'job.failed', 'job.cancelled'];

/** Lets the system recover: sweeps, and runs what it starts, until nothing moves. */
const recover = async () => {
  for (let round = 0; round < 6; round++) {
    jobs.clock.step(1_000_000);
    await jobs.sweep();
    for (const name of jobs.running()) await jobs.drive(name);
  }
};

/** INV2, INV3, INV6 and INV11: every accepted job ended, once, with one event, and nothing is held. */
const checkAllEnded = async (ids: readonly string[]) => {
  const events = await jobs.events();
  for (const id of ids) {
    const { job } = await jobs.jobs.get(id);
    expect(job.status).toBe('succeeded');
    expect(events.filter((event) => event.job === id && ended.includes(event.type))).toHaveLength(1);
    expect(events.filter((event) => event.job === id && event.type === 'job.queued')).toHaveLength(1);
  }
  expect((await jobs.gate()).held).toEqual([]);
  expect((await jobs.gate()).waiting).toEqual([]);
};

const acceptedIds = async () => {
  const events = await jobs.events();
  return [...new Set(events.map(({ job }) => job))];
};

describe.each(['before', 'lostReply'] as const)('a crash %s each outside call', (mode) => {
  const sweepCalls = async (
    act: (using: WorkerServices, connectionId: string) => Promise<unknown>,
    prepare = async (_: string) => {},
  ) => {
    for (let k = 1; ; k++) {
      const connectionId = await world.aConnection({ name: `c${++connections}` });
      await prepare(connectionId);
      const dying = dyingAt(k, mode, jobs.services);
      await act(dying.services, connectionId).catch((error: unknown) => {
        if (!(error instanceof Crash)) throw error;
      });
      const isOver = dying.calls() < k;
      await recover();
      await checkAllEnded(await acceptedIds());
      expect((await jobs.live(connectionId)).running_id).toBeUndefined();
      if (isOver) return k;
    }
  };

  it('E1 INV14 of accepting leaves everything or nothing, and a retry makes one job', async () => {
    const points = await sweepCalls((using, id) => jobs.trigger(id, {}, using));
    expect(points).toBeGreaterThan(6);
  });

  it('E3 E4 E5 F10 of running a job ends it once', async () => {
    const points = await sweepCalls(
      async (using) => {
        for (const name of jobs.running()) await jobs.drive(name, using);
      },
      async (id) => {
        await jobs.trigger(id);
      },
    );
    expect(points).toBeGreaterThan(8);
  });

  it('D7 of the sweeper itself is made good by the next sweep', async () => {
    await sweepCalls(
      (using) => jobs.sweep(using),
      async (id) => {
        const { job } = await jobs.trigger(id);
        const lost = { status: 'ABORTED' as const, input: { organization_id: '', job_id: '', attempt: 1 } };
        jobs.executions.set(`${job.id}-1`, lost);
      },
    );
  });
});
