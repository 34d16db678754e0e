import { ConnectorError, type Warning } from '../connector.ts';
import type { Column } from './catalog.ts';
import { ident, literal, qualified } from './identifiers.ts';
import type { Copying } from './load.ts';
import type { Session } from './session.ts';

/** Seconds to look back where other sessions' open transactions can be seen, and where not. */
const seenLookbackSeconds = 60;
const unseenLookbackSeconds = 600;
/** Units to look back for a numeric cursor. */
const numericLookback = 10_000;

const numericTypes = /^(smallint|integer|bigint|numeric|real|double precision)/;
const timeTypes = /^(timestamp|date)/;

const isNumeric = ({ type }: Column) => numericTypes.test(type);
const isTime = ({ type }: Column) => timeTypes.test(type);

/** @throws ConnectorError where a column's order says nothing of when a row was written. */
export const requireCursorType = (column: Column, table: string) => {
  if (isNumeric(column) || isTime(column)) return;
  throw new ConnectorError({
    code: 'cursor_type_not_supported',
    message: `The cursor column ${column.name} of ${table} is ${column.type}; it must be a number or a time.`,
    class: 'configuration',
    retryable: false,
    hint: 'Choose another cursor_column; the connection’s tables list the candidates.',
    table,
  });
};

/** What other sessions hold open: nothing newer than `oldest` may be trusted to be complete. */
type Horizon = { oldest: string | null; isSeen: boolean };

const horizonOf = async (session: Session): Promise<Horizon> => {
  const { rows } = await session.query(`
    SELECT pg_catalog.pg_is_in_recovery() OR EXISTS (
        SELECT FROM pg_catalog.pg_stat_activity
        WHERE datname = pg_catalog.current_database() AND query = '<insufficient privilege>') AS hidden,
      LEAST(
        (SELECT min(xact_start) FROM pg_catalog.pg_stat_activity
         WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
           AND backend_type = 'client backend' AND application_name NOT LIKE 'plnx/%'),
        (SELECT min(prepared) - interval '10 minutes' FROM pg_catalog.pg_prepared_xacts
         WHERE database = pg_catalog.current_database()))::text AS oldest`);
  const { hidden, oldest } = rows[0] ?? {};
  return { oldest: oldest ?? null, isSeen: hidden !== true };
};

/** How a server-side time is said in the cursor's type: a time without zone is the server's own. */
const inTypeOf = (column: Column, moment: string) =>
  column.type.includes('with time zone')
    ? moment
    : `(${moment} AT TIME ZONE (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'TimeZone'))::${column.type}`;

export type High = { high: string | null; lookback: string; warnings: Warning[] };

/**
 * Where a round ends, fixed once before its first read, as the server's own text. For a time cursor it lies below the
 * oldest open transaction, which may still commit rows with a smaller cursor than others that are there already.
 */
export const highOf = (copying: Copying, column: Column): Promise<High> =>
  isNumeric(column) ? numericHigh(copying, column) : timeHigh(copying, column);

const numericHigh = async ({ source, table, request }: Copying, column: Column): Promise<High> => {
  const { rows } = await source.query(
    `SELECT max(${ident(column.name)})::text AS high FROM ${qualified(table)}`,
  );
  const lookback = String(request.table.cursor_lookback ?? numericLookback);
  return { high: rows[0]?.high ?? null, lookback, warnings: [] };
};

const timeHigh = async ({ source, table, request }: Copying, column: Column): Promise<High> => {
  const horizon = await horizonOf(source);
  const seconds =
    request.table.cursor_lookback ?? (horizon.isSeen ? seenLookbackSeconds : unseenLookbackSeconds);
  const lookback = `interval '${Number(seconds)} seconds'`;
  const limit = limitOf(horizon, lookback);
  const bounded = limit === null ? 'newest' : `LEAST(newest, ${inTypeOf(column, `(${limit})`)})`;
  const { rows } = await source.query(
    `SELECT newest::text AS newest, CASE WHEN newest IS NOT NULL THEN ${bounded} END::text AS high
     FROM (SELECT max(${ident(column.name)}) AS newest FROM ${qualified(table)}) AS found`,
  );
  const { newest = null, high = null } = rows[0] ?? {};
  return { high, lookback, warnings: newest === high ? [] : [heldBack(request.table.name)] };
};

/** The moment below which all is committed; null where nothing is open. */
const limitOf = ({ oldest, isSeen }: Horizon, lookback: string) => {
  if (!isSeen) return `pg_catalog.now() - ${lookback}`;
  return oldest === null ? null : `${literal(oldest)}::timestamptz - interval '1 microsecond'`;
};

const heldBack = (table: string): Warning => ({
  code: 'held_back_by_open_transaction',
  message: `Rows of ${table} that are newer than the source's oldest open transaction wait for the next sync.`,
});

/** The rows of a round: the first takes all up to high and those without a cursor, later ones what has moved. */
export const inRound = (
  column: Column,
  { low, high }: { low: string | null; high: string | null },
  lookback: string,
) => {
  const [name, type] = [ident(column.name), column.type];
  const below = high === null ? [] : [`${name} <= ${literal(high)}::${type}`];
  if (low === null) return [`(${[...below, `${name} IS NULL`].join(' OR ')})`];
  return [...below, `${name} >= (${literal(low)}::${type} - ${lookback})`];
};

/** The later of two positions, as the server orders them. */
export const laterOf = async (source: Session, { type }: Column, low: string | null, high: string | null) => {
  if (low === null || high === null) return high ?? low;
  const { rows } = await source.query(
    `SELECT GREATEST(${literal(low)}::${type}, ${literal(high)}::${type})::text AS later`,
  );
  return rows[0]?.later ?? high;
};
