import type { CopyOutcome, Warning } from '../connector.ts';
import { type Column, columnNamed } from './catalog.ts';
import { highOf, inRound, laterOf, requireCursorType } from './cursor.ts';
import { atEnd } from './errors.ts';
import { literal, qualified } from './identifiers.ts';
import { closeRound, type Head, noteRange, openRanges, openRound, type Range, takeRange } from './ledger.ts';
import { type Copying, columnNames, inTime, outcomeOf } from './load.ts';
import { merge, temporary } from './merge.ts';
import { type Bounds, inRange, keyOrder, planRanges } from './ranges.ts';
import { inTransaction } from './session.ts';
import { prepareTarget } from './target.ts';
import { transfer } from './transfer.ts';

type Round = Copying & { columns: readonly Column[]; cursor: Column; lookback: string };

/**
 * Upserts the rows whose cursor has moved since the last round. `high` is fixed before the first read and stands in the
 * head until all ranges up to it are done, whichever job does them; deletes at the source are not seen.
 */
export const incremental = async (copying: Copying): Promise<CopyOutcome> => {
  const { destination, load, table, target, request } = copying;
  const cursor = columnNamed(table, request.table.cursor_column ?? '');
  requireCursorType(cursor, load.table);
  const key = request.table.primary_key;
  const { columns, warnings } = await prepareTarget(destination, target, table, {
    key,
    policy: request.schemaChange,
  });
  const { high, lookback, warnings: held } = await highOf(copying, cursor);
  const round = { ...copying, columns, cursor, lookback };
  const { head } = copying;
  if (head.state === 'open' && !(await finishRound({ ...round, head }))) return unfinished(copying);
  if (head.state === 'closed' && head.job_id === load.jobId) return finished(copying, head);
  if (head.state === 'open' && head.job_id === load.jobId) return finished(copying, closed(head));
  const before = head.state === 'open' ? closed(head) : head;
  const opened = await open(round, before, high, [...warnings, ...held]);
  if (!(await finishRound({ ...round, head: opened }))) return unfinished(copying);
  return finished(copying, closed(opened));
};

const closed = (head: Head): Head => ({ ...head, state: 'closed', position: head.high ?? head.position });

const unfinished = (copying: Copying) => outcomeOf(copying, { done: false, position: null, warnings: [] });

const finished = (copying: Copying, { position, warnings }: Head) =>
  outcomeOf(copying, { done: true, position, warnings });

/** Fixes where the round ends and how it is cut; ranges of keys where many rows wait, else one. */
const open = async (round: Round, head: Head, high: string | null, warnings: Warning[]): Promise<Head> => {
  const { source, destination, load, table, key, size, cursor, lookback } = round;
  const low = head.position;
  const isFirst = low === null;
  const [first] = key;
  const waiting = isFirst
    ? Number.POSITIVE_INFINITY
    : await expectedRows(round, inRound(cursor, { low, high }, lookback));
  const planned: Bounds[] =
    waiting > size.rows
      ? await atEnd('source', load.table, () => planRanges(source, table, first, size))
      : [{ lower: null, upper: null }];
  const nulls = isFirst ? await nullCursors(round) : [];
  const later = await laterOf(source, cursor, low, high);
  const bounds = { low, high: later, ranges: planned, warnings: [...warnings, ...nulls] };
  return openRound(destination, load, head, bounds);
};

const expectedRows = async ({ source, table }: Copying, conditions: readonly string[]): Promise<number> => {
  const { rows } = await source.query(
    `EXPLAIN (FORMAT JSON) SELECT 1 FROM ${qualified(table)} WHERE ${conditions.join(' AND ')}`,
  );
  return rows[0]?.['QUERY PLAN']?.[0]?.Plan?.['Plan Rows'] ?? 0;
};

const nullCursors = async ({ source, table, cursor, request }: Round): Promise<Warning[]> => {
  const { rows } = await source.query(
    `SELECT EXISTS (SELECT FROM ${qualified(table)} WHERE ${columnNames([cursor])} IS NULL) AS some`,
  );
  if (rows[0]?.some !== true) return [];
  const message = `Rows of ${request.table.name} without ${cursor.name} are loaded by the first load only.`;
  return [{ code: 'null_cursor_rows', message }];
};

/** Runs the round's open ranges and closes it; false where the time was up first. */
const finishRound = async (round: Round): Promise<boolean> => {
  const ranges = await openRanges(round.destination, round.load, round.head.round);
  const isDone = await inTime(round, ranges, (range) => copyRange(round, range));
  if (isDone) await closeRound(round.destination, round.load);
  return isDone;
};

const copyRange = (round: Round, range: Range) => {
  const { source, destination, load, head, table, key, columns, cursor, lookback, target, request } = round;
  const where = [...inRange(range, key[0]), ...inRound(cursor, head, lookback)];
  const select = `SELECT ${columnNames(columns)} FROM ${qualified(table)} WHERE ${where.join(' AND ')} ORDER BY ${keyOrder(key)}`;
  return inTransaction(destination, async () => {
    await takeRange(destination, load, head.round, range.number);
    await temporary(destination, 'plnx_incoming', target, columns);
    const into = `pg_temp.plnx_incoming (${columnNames(columns)})`;
    const { rows, bytes, checksum } = await transfer(source, destination, {
      select,
      into,
      signal: request.signal,
    });
    await shareTable(round);
    const rowsLoaded = await merge({ copying: round, columns, cursor, incoming: 'pg_temp.plnx_incoming' });
    await noteRange(destination, load, head.round, range.number, {
      rowsRead: rows,
      rowsLoaded,
      bytes,
      checksum,
    });
  });
};

/** Beside other merges, never beside a publishing. The wait is bounded by the statement's time, not by lock_timeout. */
const shareTable = async ({ destination, target }: Round) => {
  await destination.query('SET LOCAL lock_timeout = 0');
  const lock = literal(`${target.schema}.${target.table}`);
  await destination.query(
    `SELECT pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended(${lock}, 0))`,
  );
  await destination.query("SET LOCAL lock_timeout = '5s'");
};
