import type { Column, Table } from './catalog.ts';
import { ident, literal, qualified } from './identifiers.ts';
import type { Range } from './ledger.ts';
import type { Session } from './session.ts';

export type Bounds = Omit<Range, 'number'>;

/** Sized for at most two minutes of work at a slow source, and for little to repeat after a crash. */
export type RangeSize = { rows: number; bytes: number };
export const rangeSize: RangeSize = { rows: 500_000, bytes: 256 * 1024 * 1024 };

const bounded = (marks: readonly string[]): Bounds[] => {
  const edges = [null, ...marks, null];
  return edges.slice(1).map((upper, index) => ({ lower: edges[index] ?? null, upper }));
};

const countOf = ({ estimatedRows, bytes }: Table, size: RangeSize) =>
  Math.max(1, Math.ceil(Math.max(estimatedRows / size.rows, bytes / size.bytes)));

const spread = (values: readonly string[], count: number) => {
  const step = values.length / count;
  const picked = Array.from(
    { length: count - 1 },
    (_, index) => values[Math.round((index + 1) * step)] ?? '',
  );
  return [...new Set(picked.filter((value) => value !== ''))];
};

const integers = new Set(['smallint', 'integer', 'bigint']);

/** Equal widths between the ends: for keys that statistics do not describe yet. */
const evenly = async (session: Session, table: Table, key: Column, count: number) => {
  const column = ident(key.name);
  const { rows } = await session.query(
    `SELECT min(${column})::text AS low, max(${column})::text AS high FROM ${qualified(table)}`,
  );
  const [{ low, high } = { low: null, high: null }] = rows;
  if (low === null || high === null) return [];
  const [from, width] = [BigInt(low), BigInt(high) - BigInt(low)];
  const marks = Array.from(
    { length: count - 1 },
    (_, index) => from + (width * BigInt(index + 1)) / BigInt(count),
  );
  return [...new Set(marks.filter((mark) => mark > from).map(String))];
};

const fromStatistics = async (session: Session, { schema, table }: Table, key: Column) => {
  const { rows } = await session.query(
    `SELECT histogram_bounds::text::text[] AS bounds FROM pg_catalog.pg_stats
     WHERE schemaname = $1 AND tablename = $2 AND attname = $3 AND NOT inherited`,
    [schema, table, key.name],
  );
  return (rows[0]?.bounds ?? []) as string[];
};

/** Half-open ranges of the first key column that cover every row; one range where there is no key or no need. */
export const planRanges = async (
  session: Session,
  table: Table,
  key: Column | undefined,
  size = rangeSize,
) => {
  const count = countOf(table, size);
  if (!key || count === 1) return bounded([]);
  const known = await fromStatistics(session, table, key);
  if (known.length >= count) return bounded(spread(known, count));
  return bounded(
    integers.has(key.type) ? await evenly(session, table, key, count) : spread(known, known.length),
  );
};

/** The rows of a range, as a condition. */
export const inRange = ({ lower, upper }: Bounds, key: Column | undefined): string[] => {
  if (!key) return [];
  const [column, type] = [ident(key.name), key.type];
  return [
    ...(lower === null ? [] : [`${column} >= ${literal(lower)}::${type}`]),
    ...(upper === null ? [] : [`${column} < ${literal(upper)}::${type}`]),
  ];
};

/** Key order, the same at every server: text by "C". */
export const keyOrder = (key: readonly Column[]) =>
  key.map(({ name, collatable }) => `${ident(name)}${collatable ? ' COLLATE "C"' : ''}`).join(', ');
