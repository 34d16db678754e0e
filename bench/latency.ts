import { cpus, loadavg } from 'node:os';
import pg from 'pg';
import { apiClient } from '../bin/demo/api-client.ts';
import { type Endpoint, freePort, startLocalStack } from '../bin/demo/local-stack.ts';
import { temporaryState } from '../bin/demo/temporary-state.ts';

/**
 * Accepted → first row read on the local stack, warm (goals.md 5). From the moment the POST is sent to the source's own
 * time of its last scan of the table, which holds one row: a little later than the row was read, never earlier.
 */

const syncs = 30;
const warmUps = 5;

const setUp = `
  DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench;
  CREATE TABLE bench.one (id bigint PRIMARY KEY, note text, updated_at timestamptz NOT NULL);
  INSERT INTO bench.one VALUES (1, '', clock_timestamp())`;
const touch = 'UPDATE bench.one SET note = md5(random()::text), updated_at = clock_timestamp()';
const lastScan = `
  SELECT extract(epoch FROM greatest(last_seq_scan, last_idx_scan)) * 1000 AS at
  FROM pg_stat_user_tables WHERE schemaname = 'bench' AND relname = 'one'`;

type Sample = { readMs: number; answerMs: number };

const oneSync = async (
  api: ReturnType<typeof apiClient>,
  source: pg.Client,
  connectionId: string,
): Promise<Sample> => {
  await source.query(touch);
  const sentAt = performance.timeOrigin + performance.now();
  const { job } = await api.sync(connectionId);
  const answeredAt = performance.timeOrigin + performance.now();
  const ended = await api.ended(job.id);
  if (ended.metrics?.rows_loaded !== 1) throw new Error(`Not one row: ${JSON.stringify(ended)}`);
  const { rows } = await source.query(lastScan);
  return { readMs: Number(rows[0].at) - sentAt, answerMs: answeredAt - sentAt };
};

const measure = async (endpoint: Endpoint): Promise<Sample[]> => {
  const api = apiClient(endpoint);
  const source = new pg.Client({ connectionString: endpoint.postgres.source_url });
  await source.connect();
  try {
    await source.query(setUp);
    const table = {
      name: 'bench.one',
      mode: 'incremental' as const,
      primary_key: ['id'],
      cursor_column: 'updated_at',
    };
    const connection = await api.createConnection(`Latency ${Date.now()}`, [table]);
    const samples: Sample[] = [];
    for (let n = 0; n < warmUps + syncs; n++) samples.push(await oneSync(api, source, connection.id));
    return samples.slice(warmUps);
  } finally {
    await source.end();
  }
};

const percentile = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.ceil(values.length * share) - 1)] ??
  Number.NaN;

const show = (name: string, values: readonly number[]) =>
  console.log(
    `${name}: p50 ${percentile(values, 0.5).toFixed(0)} ms, p99 ${percentile(values, 0.99).toFixed(0)} ms of ${values.length}`,
  );

const state = temporaryState();
try {
  const command = [process.execPath, 'bin/local.ts', '--port', `${await freePort()}`, '--state', state.path];
  const stack = await startLocalStack(command, state.path);
  try {
    const samples = await measure(stack.endpoint);
    console.log(
      `${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}, node ${process.version}`,
    );
    show(
      'POST sent → row read',
      samples.map(({ readMs }) => readMs),
    );
    show(
      'POST sent → 202',
      samples.map(({ answerMs }) => answerMs),
    );
  } finally {
    await stack.stop();
  }
} finally {
  state.remove();
}
