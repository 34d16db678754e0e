import { createHash } from 'node:crypto';
import { Fenced } from '../connector.ts';
import { inTransaction, type Session } from './session.ts';

export type Load = {
  /** Shared by all jobs of an incremental table; the job's own for a full refresh. */
  key: string;
  table: string;
  jobId: string;
  epoch: number;
  /** A hash of source database, table, cursor and key: another one starts a first load. */
  meaning: string;
};

export type Head = {
  round: number;
  low: string | null;
  high: string | null;
  position: string | null;
  job_id: string;
  /** Of the current round. */
  state: 'new' | 'open' | 'closed';
  warnings: { code: string; message: string }[];
};

export type Range = { number: number; lower: string | null; upper: string | null };

const hash8 = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8);

/** Sessions of a load are found by their name, and ended by the next invocation. */
export const applicationName = (load: Load) => `plnx/${hash8(load.key)}/${load.jobId}/${load.epoch}`;

const endOlderSessions = (session: Session, load: Load) =>
  session.query(
    `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
     WHERE application_name LIKE $1 AND application_name <> $2 AND pid <> pg_catalog.pg_backend_pid()`,
    [`plnx/${hash8(load.key)}/%`, applicationName(load)],
  );

/**
 * Raises the load's epoch, and with it the epoch of its ranges; a load that is new is made. Sessions of older
 * invocations end first: a vanished client's COPY would hold its locks for minutes.
 * @throws Fenced where the destination knows this epoch or a newer one.
 */
export const raiseEpoch = async (session: Session, load: Load): Promise<Head> => {
  await endOlderSessions(session, load);
  return inTransaction(session, async () => {
    const { rows } = await session.query(
      `INSERT INTO _planasonix.loads AS head (load, table_name, epoch, meaning, round, job_id, state)
       VALUES ($1, $2, $3, $4, 0, $5, 'new')
       ON CONFLICT (load) DO UPDATE SET epoch = EXCLUDED.epoch, changed_at = pg_catalog.now(),
         meaning = EXCLUDED.meaning,
         round = CASE WHEN head.meaning = EXCLUDED.meaning THEN head.round ELSE head.round + 1 END,
         position = CASE WHEN head.meaning = EXCLUDED.meaning THEN head.position END,
         high = CASE WHEN head.meaning = EXCLUDED.meaning THEN head.high END,
         state = CASE WHEN head.meaning = EXCLUDED.meaning THEN head.state ELSE 'new' END
       WHERE head.epoch < EXCLUDED.epoch
       RETURNING round, low, high, position, job_id, state, warnings`,
      [load.key, load.table, load.epoch, load.meaning, load.jobId],
    );
    const [head] = rows;
    if (!head) throw new Fenced(`A newer invocation owns ${load.table}.`);
    await session.query('UPDATE _planasonix.ranges SET epoch = $2 WHERE load = $1', [load.key, load.epoch]);
    return head;
  });
};

const owned = (rowCount: number | null, load: Load) => {
  if (rowCount !== 1) throw new Fenced(`A newer invocation owns ${load.table}.`);
};

type Round = {
  low: string | null;
  high: string | null;
  ranges: Omit<Range, 'number'>[];
  warnings: Head['warnings'];
};

/** Begins the next round: high and all its ranges are fixed, once. Ranges of other jobs' closed rounds go. */
export const openRound = (
  session: Session,
  load: Load,
  head: Head,
  { low, high, ranges, warnings }: Round,
  also = async () => {},
) =>
  inTransaction(session, async () => {
    const { rowCount } = await session.query(
      `UPDATE _planasonix.loads SET round = $3, low = $4, high = $5, job_id = $6, state = 'open', warnings = $7, changed_at = pg_catalog.now()
       WHERE load = $1 AND epoch = $2 AND state <> 'open'`,
      [load.key, load.epoch, head.round + 1, low, high, load.jobId, JSON.stringify(warnings)],
    );
    owned(rowCount, load);
    await session.query('DELETE FROM _planasonix.ranges WHERE load = $1 AND job_id <> $2', [
      load.key,
      load.jobId,
    ]);
    await also();
    await session.query(
      `INSERT INTO _planasonix.ranges (load, round, number, lower, upper, epoch, job_id)
       SELECT $1, $2, n - 1, lower, upper, $3, $4
       FROM unnest($5::text[], $6::text[]) WITH ORDINALITY AS planned(lower, upper, n)`,
      [
        load.key,
        head.round + 1,
        load.epoch,
        load.jobId,
        ranges.map(({ lower }) => lower),
        ranges.map(({ upper }) => upper),
      ],
    );
    return {
      ...head,
      round: head.round + 1,
      low,
      high,
      job_id: load.jobId,
      state: 'open' as const,
      warnings,
    };
  });

export const openRanges = async (session: Session, load: Load, round: number): Promise<Range[]> => {
  const { rows } = await session.query(
    'SELECT number, lower, upper FROM _planasonix.ranges WHERE load = $1 AND round = $2 AND position = 0 ORDER BY number',
    [load.key, round],
  );
  return rows;
};

/** The first statement of a range's transaction: refused for an older epoch and for a range that is done. */
export const takeRange = async (session: Session, load: Load, round: number, number: number) => {
  const { rowCount } = await session.query(
    `UPDATE _planasonix.ranges SET position = 1, job_id = $5
     WHERE load = $1 AND round = $2 AND number = $3 AND epoch = $4 AND position = 0`,
    [load.key, round, number, load.epoch, load.jobId],
  );
  owned(rowCount, load);
};

export type Done = { rowsRead: number; rowsLoaded: number; bytes: number; checksum: string };

export const noteRange = (session: Session, load: Load, round: number, number: number, done: Done) =>
  session.query(
    `UPDATE _planasonix.ranges SET rows_read = $4, rows_loaded = $5, bytes = $6, checksum = $7
     WHERE load = $1 AND round = $2 AND number = $3`,
    [load.key, round, number, done.rowsRead, done.rowsLoaded, done.bytes, done.checksum],
  );

/** Ends the round: from now on its high is the position. */
export const closeRound = async (session: Session, load: Load) => {
  const { rowCount } = await session.query(
    `UPDATE _planasonix.loads SET state = 'closed', position = COALESCE(high, position), job_id = $3, changed_at = pg_catalog.now()
     WHERE load = $1 AND epoch = $2 AND state = 'open'`,
    [load.key, load.epoch, load.jobId],
  );
  owned(rowCount, load);
};

/** What this job has done of the load, over all its invocations and rounds. */
export const doneRanges = async (session: Session, load: Load) => {
  const { rows } = await session.query(
    `SELECT lower AS "from", upper AS "to", rows_read::float8 AS rows, rows_loaded::float8 AS loaded, bytes::float8 AS bytes, checksum
     FROM _planasonix.ranges WHERE load = $1 AND job_id = $2 AND position = 1 ORDER BY round, number`,
    [load.key, load.jobId],
  );
  return rows as {
    from: string | null;
    to: string | null;
    rows: number;
    loaded: number;
    bytes: number;
    checksum: string;
  }[];
};
