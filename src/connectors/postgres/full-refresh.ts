import { createHash } from 'node:crypto';
import type { CopyOutcome, Warning } from '../connector.ts';
import { type Column, findTable } from './catalog.ts';
import { driftOf } from './drift.ts';
import { atEnd } from './errors.ts';
import { ident, qualified, type TableName } from './identifiers.ts';
import { type Head, noteRange, openRanges, openRound, type Range, takeRange } from './ledger.ts';
import { type Copying, columnNames, inTime, outcomeOf } from './load.ts';
import { publish } from './publish.ts';
import { inRange, keyOrder, planRanges } from './ranges.ts';
import { inTransaction } from './session.ts';
import { createTable, makeTypes } from './target.ts';
import { transfer } from './transfer.ts';

/** Where the ranges of a refresh collect: a logged table that takes the target's place at the end. */
const stagingOf = (loadKey: string): TableName => ({
  schema: '_planasonix',
  table: `staging_${createHash('sha256').update(loadKey).digest('hex').slice(0, 24)}`,
});

/**
 * Replaces a table in one step: ranges collect in staging over as many slices as it takes, then staging takes the
 * table's place; readers see the old rows or the new ones. Done twice it does nothing.
 */
export const fullRefresh = async (copying: Copying): Promise<CopyOutcome> => {
  const { destination, load, head: claimed } = copying;
  if (claimed.state === 'closed') {
    return outcomeOf(copying, { done: true, position: null, warnings: claimed.warnings });
  }
  const { columns, warnings } = await refreshedColumns(copying);
  const head = claimed.state === 'open' ? claimed : await begin(copying, columns, warnings);
  const ranges = await openRanges(destination, load, head.round);
  const isDone = await inTime(copying, ranges, (range) => copyRange({ ...copying, head }, columns, range));
  if (isDone) await publish({ ...copying, head }, { staging: stagingOf(load.key), columns });
  return outcomeOf(copying, { done: isDone, position: null, warnings: head.warnings });
};

/** The source's columns; with `ignore`, those that the table has already. Its drift is told of, or refused. */
const refreshedColumns = async ({ destination, table, target, request }: Copying) => {
  const found = await findTable(destination, target);
  if (!found) return { columns: table.columns, warnings: [] };
  const { warnings } = driftOf(table, found, request.schemaChange);
  const known = new Set(found.columns.map(({ name }) => name));
  const isIgnored = request.schemaChange === 'ignore';
  return {
    columns: isIgnored ? table.columns.filter(({ name }) => known.has(name)) : table.columns,
    warnings,
  };
};

const begin = async (copying: Copying, columns: readonly Column[], warnings: Warning[]): Promise<Head> => {
  const { source, destination, load, table, key, target, size } = copying;
  const [first] = key;
  const ranges = await atEnd('source', load.table, () => planRanges(source, table, first, size));
  await makeTypes(destination, target, table);
  const staging = stagingOf(load.key);
  return openRound(destination, load, copying.head, { low: null, high: null, ranges, warnings }, async () => {
    await destination.query(`DROP TABLE IF EXISTS ${qualified(staging)}`);
    await createTable(destination, staging, columns, target.schema);
  });
};

/** One range = one COPY in key order = one commit = one step of the position. */
const copyRange = (copying: Copying, columns: readonly Column[], range: Range) => {
  const { source, destination, load, head, table, key, request } = copying;
  const [first] = key;
  const where = inRange(range, first);
  const select = [
    `SELECT ${columnNames(columns)} FROM ${qualified(table)}`,
    ...(where.length > 0 ? [`WHERE ${where.join(' AND ')}`] : []),
    ...(key.length > 0 ? [`ORDER BY ${keyOrder(key)}`] : []),
  ].join(' ');
  const staging = stagingOf(load.key);
  return inTransaction(destination, async () => {
    await takeRange(destination, load, head.round, range.number);
    const into = `_planasonix.${ident(staging.table)} (${columnNames(columns)})`;
    const { rows, bytes, checksum } = await transfer(source, destination, {
      select,
      into,
      signal: request.signal,
    });
    await noteRange(destination, load, head.round, range.number, {
      rowsRead: rows,
      rowsLoaded: rows,
      bytes,
      checksum,
    });
  });
};
