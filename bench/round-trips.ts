import './quiet.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { syncConnection } from '../functions/api/connections/sync-connection.ts';
import { getJob } from '../functions/api/jobs/get-job.ts';
import { meteredWorld } from './metered-world.ts';
import { oneSync } from './one-sync.ts';

/** How many calls of other services a request waits for one after another (goals.md 4): each is made to take 250 ms. */

const callMs = 250;
const goals = { post: 3, get: 1 };

const trips = async (work: () => Promise<unknown>) => {
  const startedAt = performance.now();
  await work();
  return Math.floor((performance.now() - startedAt) / callMs);
};

const world = await meteredWorld();
const slow = async () => {
  await delay(callMs);
};
try {
  const { client, services, connectionId } = world;
  await oneSync(world); // warm, and the connection is free again
  client.middlewareStack.add(
    (next) => async (args) => {
      await slow();
      return next(args);
    },
    { step: 'initialize', name: 'slow' },
  );
  Object.assign(services, { runner: { ...services.runner, start: slow }, events: { wake: slow } });
  let jobId = '';
  const post = await trips(async () => {
    const reply = await world.call(syncConnection, {
      params: { connectionId },
      headers: { 'idempotency-key': 'one' },
      body: {},
    });
    jobId = reply.job.id;
  });
  const get = await trips(() => world.call(getJob, { params: { jobId } }));
  console.log(`POST sync: ${post} sequential round trips (goal ≤ ${goals.post})`);
  console.log(`GET job: ${get} (goal ≤ ${goals.get})`);
  if (post > goals.post || get > goals.get) process.exitCode = 1;
} finally {
  await world.close();
}
