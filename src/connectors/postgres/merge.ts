import type { Column } from './catalog.ts';
import { ident, identList, literal, qualified } from './identifiers.ts';
import { type Copying, columnNames } from './load.ts';
import type { Session } from './session.ts';
import { transfer } from './transfer.ts';

/** Types whose equality is sameness; others, such as numeric 1.0 and 1.00, are compared by their text. */
const exact = /^(smallint|integer|bigint|boolean|uuid|date|timestamp.*|bytea)$/;

export type Merge = { copying: Copying; columns: readonly Column[]; cursor: Column; incoming: string };

const asCompared =
  (alias: string) =>
  ({ name, type }: Column) =>
    `${alias}.${ident(name)}${exact.test(type) ? '' : '::text'}`;

const differs = (columns: readonly Column[], a: string, b: string) =>
  `(${columns.map(asCompared(a)).join(', ')}) IS DISTINCT FROM (${columns.map(asCompared(b)).join(', ')})`;

const sameKey = (key: readonly Column[], a: string, b: string) =>
  key.map(({ name }) => `${a}.${ident(name)} = ${b}.${ident(name)}`).join(' AND ');

const assignments = (columns: readonly Column[], from: string) =>
  columns.map(({ name }) => `${ident(name)} = ${from}.${ident(name)}`).join(', ');

/**
 * Merges what came in by primary key: a newer row is never replaced by an older one, and rows that are the same are not
 * written. Rows that differ at an equal cursor are read again at the source.
 * @returns how many rows the write changed
 */
export const merge = async ({ copying, columns, cursor, incoming }: Merge): Promise<number> => {
  const { destination, key, target } = copying;
  const rest = columns.filter(({ name }) => !key.some((one) => one.name === name));
  const at = ident(cursor.name);
  const rereadCount = await rewriteTies({ copying, columns, cursor, incoming }, rest);
  const update =
    rest.length === 0
      ? 'DO NOTHING'
      : `DO UPDATE SET ${assignments(rest, 'EXCLUDED')}
         WHERE (kept.${at} IS NULL OR EXCLUDED.${at} > kept.${at}) AND ${differs(rest, 'kept', 'EXCLUDED')}`;
  const { rowCount } = await destination.query(
    `INSERT INTO ${qualified(target)} AS kept (${columnNames(columns)})
     SELECT ${columnNames(columns)} FROM ${incoming}
     ON CONFLICT (${identList(key.map(({ name }) => name))}) ${update}`,
  );
  return (rowCount ?? 0) + rereadCount;
};

const tiesMax = 500;

/** Two writes within one tick of the cursor, or a chunk that read the first: only the source knows which is the last. */
const rewriteTies = async ({ copying, columns, cursor, incoming }: Merge, rest: readonly Column[]) => {
  const { destination, key, target } = copying;
  if (rest.length === 0) return 0;
  const at = ident(cursor.name);
  const { rows } = await destination.query(
    `SELECT ${key.map(({ name }, index) => `kept.${ident(name)}::text AS k${index}`).join(', ')}
     FROM ${qualified(target)} AS kept JOIN ${incoming} AS came ON ${sameKey(key, 'kept', 'came')}
     WHERE kept.${at} = came.${at} AND ${differs(rest, 'kept', 'came')}
     FOR UPDATE OF kept`,
  );
  let written = 0;
  for (let start = 0; start < rows.length; start += tiesMax) {
    written += await rewrite(copying, columns, rest, rows.slice(start, start + tiesMax));
  }
  return written;
};

const rewrite = async (
  { source, destination, key, table, target, request }: Copying,
  columns: readonly Column[],
  rest: readonly Column[],
  keys: readonly Record<string, string>[],
) => {
  const wanted = keys.map(
    (row) => `(${key.map(({ type }, index) => `${literal(row[`k${index}`] ?? '')}::${type}`).join(', ')})`,
  );
  await temporary(destination, 'plnx_again', target, columns);
  const select = `SELECT ${columnNames(columns)} FROM ${qualified(table)} WHERE (${columnNames(key)}) IN (${wanted.join(', ')})`;
  const into = `pg_temp.plnx_again (${columnNames(columns)})`;
  await transfer(source, destination, { select, into, signal: request.signal });
  const { rowCount } = await destination.query(
    `UPDATE ${qualified(target)} AS kept SET ${assignments(rest, 'again')} FROM pg_temp.plnx_again AS again
     WHERE ${sameKey(key, 'kept', 'again')} AND ${differs(rest, 'kept', 'again')}`,
  );
  await destination.query('DROP TABLE pg_temp.plnx_again');
  return rowCount ?? 0;
};

/** An empty table of the target's columns that ends with the transaction. */
export const temporary = (
  session: Session,
  name: string,
  target: Copying['target'],
  columns: readonly Column[],
) =>
  session.query(
    `CREATE TEMPORARY TABLE ${ident(name)} ON COMMIT DROP AS SELECT ${columnNames(columns)} FROM ${qualified(target)} WITH NO DATA`,
  );
