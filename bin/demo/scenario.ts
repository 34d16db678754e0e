import pg from 'pg';
import type { Job, JobResults } from '#src/domain/jobs/job.ts';
import { type ApiClient, apiClient } from './api-client.ts';
import { canonicalSettings, checksumOfRanges, contentHash, countRows } from './checksum.ts';
import { changeSource, clearDestination, loadSource, tables } from './dataset.ts';
import type { Endpoint } from './local-stack.ts';
import { withProgress } from './progress.ts';
import { startReceiver } from './receiver.ts';

type Ends = { source: pg.Client; destination: pg.Client };

/** One sync as the summary shows it; `problems` is empty where everything was as it should be. */
export type Run = { title: string; job: Job; rows: number; checksumsEqual: boolean; problems: string[] };
export type Outcome = { runs: Run[]; received: number; verified: number; problems: string[] };

const open = async (url: string) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(canonicalSettings);
  return client;
};

/** Counts and contents of every table, read back at both ends. */
const compare = async ({ source, destination }: Ends) => {
  const problems: string[] = [];
  for (const table of tables) {
    const counts = [await countRows(source, table), await countRows(destination, table)];
    if (counts[0] !== counts[1])
      problems.push(`${table}: ${counts[0]} rows at the source, ${counts[1]} loaded`);
    const [ours, theirs] = [await contentHash(source, table), await contentHash(destination, table)];
    if (ours !== theirs) problems.push(`${table}: SHA-256 ${ours} at the source, ${theirs} loaded`);
  }
  return problems;
};

/** What the results say of a first load must be what a second reader finds at the destination. */
const compareResults = async (destination: pg.Client, results: JobResults) => {
  const problems: string[] = [];
  for (const name of tables) {
    const result = results.tables.find((table) => table.name === name);
    const [range] = result?.ranges ?? [];
    if (!result || !range) problems.push(`${name}: not in the job's results`);
    else if (result.checksum !== checksumOfRanges(result.ranges.map(({ checksum }) => checksum)))
      problems.push(`${name}: its checksum is not that of its ranges`);
    else if (result.ranges.length === 1 && range.checksum !== (await contentHash(destination, name)))
      problems.push(`${name}: the results' checksum cannot be recomputed`);
  }
  return problems;
};

const jobProblems = (job: Job, expectedRows: number) => [
  ...(job.status === 'succeeded' ? [] : [`the job ${job.status}: ${JSON.stringify(job.error)}`]),
  ...(job.metrics?.rows_loaded === expectedRows
    ? []
    : [`${job.metrics?.rows_loaded ?? 'no'} rows loaded, ${expectedRows} expected`]),
  ...(executionOf(job).startsWith(`${job.id}-`) ? [] : [`the execution is named ${executionOf(job)}`]),
];

/** The name of the Step Functions execution that ran the job: the end of its link. */
export const executionOf = ({ links }: Job) => links.execution?.split(':').at(-1) ?? 'none';

const sync = async (
  { api, ends, connectionId }: { api: ApiClient; ends: Ends; connectionId: string },
  { title, rows }: { title: string; rows: number },
): Promise<Run & { results: JobResults }> => {
  const job = await withProgress({ title, total: rows, destination: ends.destination }, async () => {
    const { job: accepted } = await api.sync(connectionId);
    return api.ended(accepted.id);
  });
  const results = await api.results(job.id);
  const differences = await compare(ends);
  const problems = [...jobProblems(job, rows), ...differences];
  return { title, job, rows, results, checksumsEqual: differences.length === 0, problems };
};

/** Loads two tables, syncs them, changes rows, syncs again; looks at everything from outside. */
export const playScenario = async (endpoint: Endpoint, rows: number): Promise<Outcome> => {
  const api = apiClient(endpoint);
  const [source, destination, receiver] = await Promise.all([
    open(endpoint.postgres.source_url),
    open(endpoint.postgres.destination_url),
    startReceiver(),
  ]);
  try {
    return await play({ api, ends: { source, destination }, receiver }, rows);
  } finally {
    receiver.stop();
    await Promise.allSettled([source.end(), destination.end()]);
  }
};

type Stage = { api: ApiClient; ends: Ends; receiver: Awaited<ReturnType<typeof startReceiver>> };

const play = async ({ api, ends, receiver }: Stage, rows: number): Promise<Outcome> => {
  await clearDestination(ends.destination);
  const loaded = await loadSource(ends.source, rows);
  const webhook = await api.createWebhook(receiver.url);
  receiver.useSecret(webhook.signing_secret ?? '');
  const connection = await api.createConnection(
    `Demo ${new Date().toISOString()}`,
    tables.map((name) => ({
      name,
      mode: 'incremental',
      primary_key: ['id'],
      cursor_column: 'updated_at',
    })),
  );
  const on = { api, ends, connectionId: connection.id };
  const total = Object.values(loaded).reduce((sum, count) => sum + count, 0);
  const first = await sync(on, { title: 'first sync', rows: total });
  first.problems.push(...(await compareResults(ends.destination, first.results)));
  const changed = await changeSource(ends.source);
  const second = await sync(on, { title: 'incremental', rows: changed });
  return { runs: [first, second], ...(await webhooksOf(receiver, [first.job, second.job])) };
};

const expectedEvents = ['job.queued', 'job.started', 'job.succeeded'];

const webhooksOf = async (receiver: Stage['receiver'], jobs: readonly Job[]) => {
  await receiver.waitFor(jobs.length * expectedEvents.length);
  const events = receiver.events();
  const missing = jobs.flatMap(({ id }) =>
    expectedEvents
      .filter((type) => !events.some((event) => event.jobId === id && event.type === type))
      .map((type) => `the webhook never got ${type} of ${id}`),
  );
  const verified = events.filter(({ isVerified }) => isVerified).length;
  const unverified =
    verified === events.length ? [] : [`${events.length - verified} webhooks with bad signatures`];
  return { received: events.length, verified, problems: [...missing, ...unverified] };
};
