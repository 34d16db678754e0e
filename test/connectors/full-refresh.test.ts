import { createHash } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CopyRequest, Fenced } from '#src/connectors/connector.ts';
import { dataPlane } from '#src/connectors/data-plane.ts';
import { startPostgres } from '#test/support/postgres.ts';

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let source: pg.Client;
let destination: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres();
  source = await postgres.connect('source');
  destination = await postgres.connect('destination');
  await source.query(`
    CREATE TYPE mood AS ENUM ('calm', 'wild');
    CREATE TABLE "Orders é" (
      id bigint PRIMARY KEY, name text, amount numeric(12, 4), feeling mood, tags text[], at timestamptz,
      raw bytea, doc jsonb, span interval, ratio double precision);
    INSERT INTO "Orders é" SELECT i, CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'naïve 🦆 \\t' || i END, i / 7.0,
      CASE WHEN i % 2 = 0 THEN 'calm'::mood END, ARRAY['a', NULL, 'b "q"'], now() + i * interval '1 second',
      '\\x00ff'::bytea, jsonb_build_object('k', i), interval '1 month 2 days',
      CASE i % 3 WHEN 0 THEN 'NaN'::float8 WHEN 1 THEN '-Infinity' ELSE i END
    FROM generate_series(1, 5000) AS i;
    ANALYZE "Orders é"`);
});
afterAll(() => postgres.stop());

let epoch = 0;
const request = (over: Partial<CopyRequest> = {}): CopyRequest => ({
  source: postgres.end('source'),
  destination: postgres.end('destination'),
  network: { allowedNetworks: [], allowLoopback: true },
  connectionId: 'conn_1',
  table: { name: 'public.Orders é', primary_key: ['id'], mode: 'full_refresh' },
  schemaChange: 'widen',
  jobId: 'job_1',
  epoch: ++epoch,
  stopAt: Date.now() + 60_000,
  now: Date.now,
  signal: new AbortController().signal,
  ...over,
});

const plane = dataPlane({ rows: 1000, bytes: 1e9 });
const rowsOf = async (client: pg.Client) =>
  (await client.query('SELECT * FROM public."Orders é" ORDER BY id')).rows;

describe('a full refresh', () => {
  it('copies every row and type unchanged, in ranges', async () => {
    const outcome = await plane.copyTable(request());

    expect(outcome).toMatchObject({ done: true, rows_extracted: 5000, rows_loaded: 5000, position: null });
    expect(outcome.ranges.map(({ from, to, rows }) => [from === null, to === null, rows > 500])).toEqual([
      [true, false, true],
      [false, false, true],
      [false, false, true],
      [false, false, true],
      [false, true, true],
    ]);
    expect(await rowsOf(destination)).toEqual(await rowsOf(source));
  });

  it('F4 answers the same when it is done again', async () => {
    const first = await plane.copyTable(request({ jobId: 'job_twice' }));

    expect(await plane.copyTable(request({ jobId: 'job_twice' }))).toEqual(first);
  });

  it('goes on in the next slice where the time was up', async () => {
    const jobId = 'job_slices';
    const outcomes = [];
    for (let slice = 0; slice < 10 && outcomes.at(-1)?.done !== true; slice++) {
      outcomes.push(await plane.copyTable(request({ jobId, stopAt: Date.now() - 1 })));
    }

    expect(outcomes.map(({ done, ranges }) => [done, ranges.length])).toEqual([
      [false, 1],
      [false, 2],
      [false, 3],
      [false, 4],
      [true, 5],
    ]);
    expect(outcomes.at(-1)).toMatchObject({ rows_loaded: 5000 });
    expect(await rowsOf(destination)).toEqual(await rowsOf(source));
  });

  it('F10 refuses an invocation that is older than the claim', async () => {
    const jobId = 'job_old';
    const old = request({ jobId });
    await plane.copyTable(request({ jobId, stopAt: Date.now() - 1 }));

    await expect(plane.copyTable(old)).rejects.toThrow(Fenced);
  });

  it('refuses a table that another connection owns', async () => {
    await expect(
      plane.copyTable(request({ connectionId: 'conn_2', jobId: 'job_other' })),
    ).rejects.toMatchObject({
      code: 'table_owned_by_another_connection',
      class: 'destination',
      retryable: false,
    });
  });

  it('says what is missing without naming secrets', async () => {
    const missing = request({ table: { name: 'public.nothing', primary_key: [], mode: 'full_refresh' } });

    await expect(plane.copyTable(missing)).rejects.toMatchObject({
      code: 'table_not_found',
      class: 'source',
    });
  });

  it('keeps grants and indexes, and refuses where a view would break', async () => {
    const name = { name: 'public.kept', primary_key: ['id'], mode: 'full_refresh' as const };
    await source.query(
      'CREATE TABLE kept (id int PRIMARY KEY, note text); INSERT INTO kept VALUES (1, $$a$$)',
    );
    await plane.copyTable(request({ table: name, jobId: 'job_k1' }));
    await destination.query(
      'CREATE ROLE reader; GRANT SELECT ON kept TO reader; CREATE INDEX kept_note ON kept (note)',
    );

    await plane.copyTable(request({ table: name, jobId: 'job_k2' }));

    const may = await destination.query("SELECT has_table_privilege('reader', 'kept', 'SELECT') AS may");
    const indexes = await destination.query(
      "SELECT indexname FROM pg_indexes WHERE tablename = 'kept' ORDER BY 1",
    );
    expect(may.rows).toEqual([{ may: true }]);
    expect(indexes.rows.map(({ indexname }) => indexname)).toContain('kept_note');

    await destination.query('CREATE VIEW on_kept AS SELECT * FROM kept');
    await expect(plane.copyTable(request({ table: name, jobId: 'job_k3' }))).rejects.toMatchObject({
      code: 'table_has_dependents',
      retryable: false,
    });
    expect((await destination.query('SELECT * FROM on_kept')).rows).toEqual([{ id: 1, note: 'a' }]);
  });

  it('I8 publishes an empty table', async () => {
    await source.query('CREATE TABLE nobody (id int PRIMARY KEY)');
    const table = { name: 'public.nobody', primary_key: ['id'], mode: 'full_refresh' as const };

    expect(await plane.copyTable(request({ table, jobId: 'job_empty' }))).toMatchObject({
      done: true,
      rows_loaded: 0,
    });
    expect((await destination.query('SELECT * FROM nobody')).rows).toEqual([]);
  });

  it('E15 leaves nothing behind when it is aborted, and the next invocation finishes', async () => {
    const stopped = new AbortController();
    const jobId = 'job_abort';
    const dying = plane.copyTable(request({ jobId, signal: stopped.signal }));
    setTimeout(() => stopped.abort(new Error('killed')), 60);
    await dying.catch(() => undefined);

    expect(await plane.copyTable(request({ jobId }))).toMatchObject({ done: true, rows_loaded: 5000 });
    expect(await rowsOf(destination)).toEqual(await rowsOf(source));
  });

  it('has a checksum that plain SQL and SHA-256 recompute', async () => {
    const table = { name: 'public.summed', primary_key: ['id'], mode: 'full_refresh' as const };
    await source.query(
      "CREATE TABLE summed (id text PRIMARY KEY, n numeric); INSERT INTO summed VALUES ('b', 1.50), ('A', NULL)",
    );

    const { ranges, checksum } = await plane.copyTable(request({ table, jobId: 'job_sum' }));

    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    expect(ranges).toEqual([{ from: null, to: null, rows: 2, checksum: sha256('A\t\\N\nb\t1.50\n') }]);
    expect(checksum).toBe(`sha256:${sha256(sha256('A\t\\N\nb\t1.50\n'))}`);
  });
});
