import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CopyRequest } from '#src/connectors/connector.ts';
import { dataPlane } from '#src/connectors/data-plane.ts';
import { startPostgres } from '#test/support/postgres.ts';

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let source: pg.Client;
let destination: pg.Client;
let epoch = 0;
let jobs = 0;

beforeAll(async () => {
  postgres = await startPostgres();
  source = await postgres.connect('source');
  destination = await postgres.connect('destination');
});
afterAll(() => postgres.stop());

beforeEach(async () => {
  await source.query(
    'DROP TABLE IF EXISTS events; CREATE TABLE events (id int PRIMARY KEY, note text, changed timestamptz)',
  );
  await destination.query('DROP TABLE IF EXISTS events; DROP SCHEMA IF EXISTS _planasonix CASCADE');
});

const request = (over: Partial<CopyRequest> = {}): CopyRequest => ({
  source: postgres.end('source'),
  destination: postgres.end('destination'),
  network: { allowedNetworks: [], allowLoopback: true },
  connectionId: 'conn_1',
  table: { name: 'public.events', primary_key: ['id'], cursor_column: 'changed', mode: 'incremental' },
  schemaChange: 'widen',
  jobId: `job_${++jobs}`,
  epoch: ++epoch,
  stopAt: Date.now() + 60_000,
  now: Date.now,
  signal: new AbortController().signal,
  ...over,
});

const plane = dataPlane({ rows: 100, bytes: 1e9 });
const sync = (over: Partial<CopyRequest> = {}) => plane.copyTable(request(over));
const put = (id: number, note: string, changed: string | null) =>
  source.query(
    'INSERT INTO events VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET note = $2, changed = $3',
    [id, note, changed],
  );
const loaded = async () =>
  (await destination.query('SELECT id, note FROM events ORDER BY id')).rows.map(({ id, note }) => [id, note]);

describe('an incremental load', () => {
  it('loads all first, then only what has moved', async () => {
    await put(1, 'a', '2026-01-01T00:00:00Z');
    await put(2, 'b', '2026-01-02T00:00:00Z');
    expect(await sync()).toMatchObject({ done: true, rows_loaded: 2, position: '2026-01-02 00:00:00+00' });

    await put(1, 'a2', '2026-01-03T00:00:00Z');
    await put(3, 'c', '2026-01-03T00:00:01Z');

    expect(await sync()).toMatchObject({ done: true, rows_loaded: 2, position: '2026-01-03 00:00:01+00' });
    expect(await loaded()).toEqual([
      [1, 'a2'],
      [2, 'b'],
      [3, 'c'],
    ]);
  });

  it('reads again within the lookback, and counts only rows that it changed', async () => {
    await put(1, 'a', '2026-01-01T00:00:00Z');
    await sync();
    await put(2, 'late', '2025-12-31T23:59:30Z');
    await put(3, 'too late', '2025-12-31T23:00:00Z');

    expect(await sync()).toMatchObject({ rows_extracted: 2, rows_loaded: 1 });
    expect(await loaded()).toEqual([
      [1, 'a'],
      [2, 'late'],
    ]);
  });

  it('loads rows without a cursor once, and says so', async () => {
    await put(1, 'a', null);
    await put(2, 'b', '2026-01-01T00:00:00Z');

    const { warnings } = await sync();

    expect(warnings).toEqual([
      {
        code: 'null_cursor_rows',
        message: 'Rows of public.events without changed are loaded by the first load only.',
      },
    ]);
    expect(await loaded()).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });

  it('never replaces a newer row', async () => {
    await put(1, 'old', '2026-01-01T00:00:00Z');
    await sync();
    await destination.query("UPDATE events SET note = 'newer', changed = '2026-06-01T00:00:00Z'");
    await put(1, 'older', '2026-01-01T00:00:30Z');

    expect(await sync()).toMatchObject({ rows_loaded: 0 });
    expect(await loaded()).toEqual([[1, 'newer']]);
  });

  it('reads rows again that differ at an equal cursor', async () => {
    await put(1, 'first', '2026-01-01T00:00:00Z');
    await sync();
    await put(1, 'second in the same tick', '2026-01-01T00:00:00Z');

    expect(await sync()).toMatchObject({ rows_loaded: 1 });
    expect(await loaded()).toEqual([[1, 'second in the same tick']]);
  });

  it('holds back what an open transaction may still change', async () => {
    const writer = await postgres.connect('source');
    await put(1, 'a', '2026-01-01T00:00:00Z');
    await writer.query('BEGIN');
    await writer.query("INSERT INTO events VALUES (2, 'uncommitted', now())");
    await source.query("INSERT INTO events VALUES (3, 'after it began', clock_timestamp())");

    const { warnings } = await sync();
    await writer.query('COMMIT');

    expect(warnings.map(({ code }) => code)).toEqual(['held_back_by_open_transaction']);
    expect(await loaded()).toEqual([[1, 'a']]);
    await sync();
    expect((await loaded()).map(([id]) => id)).toEqual([1, 2, 3]);
  });

  it('F10 lets an older invocation that wakes up late commit nothing', async () => {
    for (let id = 1; id <= 50; id++) await put(id, 'x', '2026-01-01T00:00:00Z');
    const jobId = 'job_shared';
    const late = request({ jobId });
    await plane.copyTable(request({ jobId }));
    await destination.query('DELETE FROM events');

    await expect(plane.copyTable(late)).rejects.toMatchObject({ name: 'Fenced' });
    expect(await loaded()).toEqual([]);
  });

  it('adds a column and widens another, with a warning', async () => {
    await source.query('ALTER TABLE events ADD COLUMN pct numeric(5,2)');
    await put(1, 'a', '2026-01-01T00:00:00Z');
    await sync();
    await source.query('ALTER TABLE events ALTER COLUMN pct TYPE numeric(8,4), ADD COLUMN more int');
    await source.query("UPDATE events SET pct = 1234.5678, more = 7, changed = '2026-02-01T00:00:00Z'");

    const { warnings } = await sync();

    expect(warnings).toEqual([
      { code: 'column_type_widened', message: 'Column pct coerced from NUMERIC(5,2) to NUMERIC(8,4)' },
    ]);
    expect((await destination.query('SELECT pct, more FROM events')).rows).toEqual([
      { pct: '1234.5678', more: 7 },
    ]);
  });

  it('fails on drift where the connection says so, and keeps the checkpoint', async () => {
    await put(1, 'a', '2026-01-01T00:00:00Z');
    await sync();
    await source.query('ALTER TABLE events ADD COLUMN more int');

    await expect(sync({ schemaChange: 'fail' })).rejects.toMatchObject({
      code: 'schema_changed',
      class: 'destination',
    });
    const { rows } = await destination.query('SELECT position FROM _planasonix.loads');
    expect(rows).toEqual([{ position: '2026-01-01 00:00:00+00' }]);
  });

  it('I8 does nothing on an empty table, again and again', async () => {
    expect(await sync()).toMatchObject({ done: true, rows_loaded: 0, position: null });
    expect(await sync()).toMatchObject({ done: true, rows_loaded: 0, position: null });
  });

  it.each([
    [{ primary_key: [] }, 'primary_key_missing'],
    [{ cursor_column: 'nothing' }, 'column_not_found'],
    [{ cursor_column: 'note' }, 'cursor_type_not_supported'],
  ])('refuses %j', async (wrong, code) => {
    const table = { ...request().table, ...wrong };

    await expect(sync({ table })).rejects.toMatchObject({ code, class: 'configuration', retryable: false });
  });
});
