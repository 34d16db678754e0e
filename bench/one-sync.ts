import { randomUUID } from 'node:crypto';
import { fanOut } from '#src/domain/events/fan-out.ts';
import { newId } from '#src/domain/ids.ts';
import { deliver } from '#src/domain/webhooks/delivery.ts';
import { newSecret } from '#src/domain/webhooks/signature.ts';
import { webhookItem } from '#src/domain/webhooks/stored-webhook.ts';
import { syncConnection } from '../functions/api/connections/sync-connection.ts';
import { getJob } from '../functions/api/jobs/get-job.ts';
import { runSlice } from '../functions/job/run-slice.ts';
import type { MeteredWorld } from './metered-world.ts';
import type { Charge } from './unit-meter.ts';

export type Step = { name: string; charges: Charge[] };

const timeLeft = { timeLeftMs: () => 890_000 };

const airflow = { metadata: { dag_run_id: 'scheduled__2026-11-23T02:00:00+00:00' } };

const triggered = (world: MeteredWorld, key: string, body: object) =>
  world.call(syncConnection, {
    params: { connectionId: world.connectionId },
    headers: { 'idempotency-key': key },
    body,
  });

/** A job's whole life, step by step: accepted and admitted at once, numbered, run in one slice, ended, numbered. */
export const oneSync = async (world: MeteredWorld, body: object = airflow): Promise<Step[]> => {
  const { meter, services, organizationId } = world;
  const key = randomUUID();
  let jobId = '';
  const accept = await meter.during(async () => {
    jobId = (await triggered(world, key, body)).job.id;
  });
  const first = await meter.during(() => fanOut(organizationId, services));
  const duplicate = await meter.during(() => triggered(world, key, body));
  const input = { organization_id: organizationId, job_id: jobId, attempt: 1 };
  const slice = await meter.during(() => runSlice(input, timeLeft, services));
  const last = await meter.during(() => fanOut(organizationId, services));
  const read = await meter.during(() => world.call(getJob, { params: { jobId } }));
  return [
    { name: 'accept and admit', charges: accept },
    { name: 'fan-out of job.queued, job.started', charges: first },
    { name: 'one slice, and the end', charges: slice },
    { name: 'fan-out of job.succeeded', charges: last },
    { name: 'POST again, same key', charges: duplicate },
    { name: 'GET job', charges: read },
  ];
};

/** The steps that a job's life consists of; the others are measured beside it. */
export const lifeSteps = 4;

/** From here on the organization has a webhook for everything that happens to jobs. */
export const subscribe = async ({ services, organizationId }: MeteredWorld) => {
  const id = newId('webhook', Date.now());
  const webhook = {
    id,
    url: 'https://hooks.example.com/planasonix',
    events: ['job.*' as const],
    enabled: true,
    secret: await services.vault.seal(newSecret()),
    created_at: Date.now(),
    updated_at: Date.now(),
    version: 1,
  };
  await services.table.write([{ put: webhookItem(organizationId, webhook) }]);
};

/** Every delivery that waits, each answered with 200. */
export const deliverAll = ({ meter, services, sent }: MeteredWorld) =>
  meter.during(async () => {
    for (const message of sent.splice(0)) await deliver(message, services);
  });
