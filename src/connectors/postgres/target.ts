import { ConnectorError, type Warning } from '../connector.ts';
import { type Column, findTable, type Table } from './catalog.ts';
import { type Drift, driftOf, type Policy } from './drift.ts';
import { ident, identList, literal, qualified, type TableName } from './identifiers.ts';
import { underLock } from './ledger-schema.ts';
import type { Session } from './session.ts';

/** Above this many rows only changes that rewrite nothing are made. */
const rewriteRowsMax = 10_000_000;

/** A column's type at the destination: an enum lives in the schema of its table there. */
const typeAt = (column: Column, schema: string) =>
  column.enum
    ? `${ident(schema)}.${ident(column.enum.name)}${column.type.endsWith('[]') ? '[]' : ''}`
    : column.type;

const makeEnums = async (session: Session, columns: readonly Column[], schema: string) => {
  for (const one of columns.flatMap((column) => column.enum ?? [])) {
    const name = `${ident(schema)}.${ident(one.name)}`;
    const { rows } = await session.query('SELECT pg_catalog.to_regtype($1) IS NOT NULL AS made', [name]);
    if (rows[0]?.made !== true) {
      await session.query(
        `CREATE TYPE ${name} AS ENUM (${one.labels.map((label) => literal(label)).join(', ')})`,
      );
    }
    for (const label of one.labels)
      await session.query(`ALTER TYPE ${name} ADD VALUE IF NOT EXISTS ${literal(label)}`);
  }
};

/** @throws ConnectorError `type_without_counterpart` where the destination lacks a column's type. */
export const requireTypes = async (session: Session, columns: readonly Column[], table: string) => {
  for (const { name, type } of columns.filter((column) => !column.enum)) {
    const { rows } = await session.query('SELECT pg_catalog.to_regtype($1) IS NOT NULL AS known', [type]);
    if (rows[0]?.known === true) continue;
    throw new ConnectorError({
      code: 'type_without_counterpart',
      message: `Column ${name} has the type ${type}, which the destination does not have.`,
      class: 'destination',
      retryable: false,
      hint: `Create the type or its extension at the destination (CREATE EXTENSION …).`,
      table,
    });
  }
};

const columnList = (columns: readonly Column[], schema: string) =>
  columns.map((column) => `${ident(column.name)} ${typeAt(column, schema)}`).join(', ');

/** Creates a table of exactly these columns, in their order; ours adds nothing. */
export const createTable = async (
  session: Session,
  name: TableName,
  columns: readonly Column[],
  typesIn = name.schema,
) => {
  await requireTypes(session, columns, `${name.schema}.${name.table}`);
  await session.query(`CREATE TABLE ${qualified(name)} (${columnList(columns, typesIn)})`);
};

/** Schema, enums and, where it is missing, the table with its primary key; then what drift asks for. */
export const prepareTarget = async (
  session: Session,
  name: TableName,
  source: Table,
  { key, policy }: { key: readonly string[]; policy: Policy },
): Promise<{ columns: Column[]; warnings: Warning[] }> => {
  const shown = `${name.schema}.${name.table}`;
  await makeTypes(session, name, source);
  const found = await findTable(session, name);
  const drift = found && driftOf(source, found, policy);
  if (!found || (drift && drift.added.length + drift.widened.length > 0)) {
    await underLock(session, shown, async () => {
      const now = await findTable(session, name);
      if (now) return alter(session, name, now, driftOf(source, now, policy));
      await createTable(session, name, source.columns);
      if (key.length > 0)
        await session.query(`ALTER TABLE ${qualified(name)} ADD PRIMARY KEY (${identList(key)})`);
    });
  }
  const known = new Set(found?.columns.map((column) => column.name));
  const columns =
    policy === 'ignore' && found ? source.columns.filter((one) => known.has(one.name)) : source.columns;
  return { columns, warnings: drift?.warnings ?? [] };
};

/** Under the one fixed lock, also for tables that start together. */
export const makeTypes = async (session: Session, name: TableName, source: Table) => {
  const { rows } = await session.query('SELECT pg_catalog.to_regnamespace($1) IS NOT NULL AS made', [
    ident(name.schema),
  ]);
  if (rows[0]?.made === true && source.columns.every((column) => !column.enum)) return;
  await underLock(session, '_planasonix types', async () => {
    await session.query(`CREATE SCHEMA IF NOT EXISTS ${ident(name.schema)}`);
    await makeEnums(session, source.columns, name.schema);
  });
};

const rewrites = ({ from, to }: Drift['widened'][number]) =>
  !(
    to.type === 'text' ||
    (from.type.startsWith('character varying') && to.type.startsWith('character varying'))
  );

const alter = async (session: Session, name: TableName, table: Table, { added, widened }: Drift) => {
  for (const column of added) {
    await session.query(
      `ALTER TABLE ${qualified(name)} ADD COLUMN ${ident(column.name)} ${typeAt(column, name.schema)}`,
    );
  }
  for (const change of widened) {
    const type = typeAt(change.to, name.schema);
    const statement = `ALTER TABLE ${qualified(name)} ALTER COLUMN ${ident(change.to.name)} TYPE ${type}`;
    if (table.estimatedRows > rewriteRowsMax && rewrites(change)) throw tooLarge(name, statement);
    await session.query(statement);
  }
};

const tooLarge = (name: TableName, statement: string) =>
  new ConnectorError({
    code: 'table_too_large_to_rewrite',
    message: 'A column must be widened in a way that rewrites the whole table.',
    class: 'destination',
    retryable: false,
    hint: `Run it when readers can wait: ${statement}`,
    table: `${name.schema}.${name.table}`,
  });
