import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { dataPlane } from '#src/connectors/data-plane.ts';
import { startPostgres } from '#test/support/postgres.ts';

/** Goal 6: a full refresh with checkpoints, counts and SHA-256, beside `psql COPY | psql COPY` in the same run. */
const rows = Number(process.argv[2] ?? 2_000_000);
const rounds = 3;

const postgres = await startPostgres();
const source = await postgres.connect('source');
const destination = await postgres.connect('destination');
await source.query(`
  CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int, status text, amount numeric(12, 2), qty int, is_paid boolean,
    created_at timestamptz, doc jsonb, email text, note text);
  INSERT INTO orders SELECT i, i % 100000, (ARRAY['new', 'paid', 'größe', NULL])[i % 4 + 1], i / 7.0, i % 17, i % 3 = 0,
    '2026-01-01'::timestamptz + i * interval '1 second', CASE WHEN i % 5 = 0 THEN jsonb_build_object('k', i) END,
    'user' || i % 50000 || '@example.com', CASE WHEN i % 2 = 0 THEN md5(i::text) || ' 🦆' END
  FROM generate_series(1, ${rows}) AS i;
  ANALYZE orders`);

const url = (database: string) => `postgres://postgres:pg-secret@127.0.0.1:${postgres.port}/${database}`;
const ended = (child: ChildProcess) => new Promise((resolve) => child.once('exit', resolve));

const byPsql = async () => {
  await destination.query(
    'DROP TABLE IF EXISTS piped; CREATE TABLE piped (id bigint PRIMARY KEY, customer_id int, status text, amount numeric(12, 2), qty int, is_paid boolean, created_at timestamptz, doc jsonb, email text, note text)',
  );
  const startedAt = performance.now();
  const read = spawn('psql', [url('source'), '-c', 'COPY orders TO STDOUT'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const write = spawn('psql', [url('destination'), '-qc', 'COPY piped FROM STDIN'], {
    stdio: [read.stdout, 'ignore', 'inherit'],
  });
  await Promise.all([ended(read), ended(write)]);
  return (performance.now() - startedAt) / 1000;
};

let epoch = 0;
const byUs = async () => {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const outcome = await dataPlane().copyTable({
    source: postgres.end('source'),
    destination: postgres.end('destination'),
    network: { allowedNetworks: [], allowLoopback: true },
    connectionId: 'conn_bench',
    table: { name: 'public.orders', primary_key: ['id'], mode: 'full_refresh' },
    schemaChange: 'widen',
    jobId: `job_${++epoch}`,
    epoch,
    stopAt: Date.now() + 600_000,
    now: Date.now,
    signal: new AbortController().signal,
  });
  const { user, system } = process.cpuUsage(cpu);
  if (!outcome.done || outcome.rows_loaded !== rows)
    throw new Error(`Copied ${outcome.rows_loaded} of ${rows} rows.`);
  return {
    seconds: (performance.now() - startedAt) / 1000,
    cpuSeconds: (user + system) / 1e6,
    ranges: outcome.ranges.length,
  };
};

const same = `SELECT md5(string_agg(o::text, '' ORDER BY id)) AS sum FROM orders AS o`;
const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

try {
  if (spawnSync('psql', ['--version']).error) throw new Error('psql is not on the PATH.');
  const piped: number[] = [];
  const ours: Awaited<ReturnType<typeof byUs>>[] = [];
  for (let round = 0; round < rounds; round++) {
    piped.push(await byPsql());
    ours.push(await byUs());
  }
  const [there, here] = await Promise.all([source.query(same), destination.query(same)]);
  if (there.rows[0].sum !== here.rows[0].sum) throw new Error('The rows differ.');
  const seconds = median(ours.map((one) => one.seconds));
  console.log({
    rows,
    ranges: ours[0]?.ranges,
    psqlSeconds: median(piped),
    oursSeconds: seconds,
    ratio: seconds / median(piped),
    rowsPerClientCpuSecond: Math.round(rows / median(ours.map((one) => one.cpuSeconds))),
    rssMb: Math.round(process.resourceUsage().maxRSS / 1024),
  });
} finally {
  await postgres.stop();
}
