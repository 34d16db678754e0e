import { ConnectorError } from '../connector.ts';
import type { Column } from './catalog.ts';
import { ident, identList, literal, qualified, type TableName } from './identifiers.ts';
import { closeRound, doneRanges } from './ledger.ts';
import { underLock } from './ledger-schema.ts';
import type { Copying } from './load.ts';
import type { Session } from './session.ts';

const regclass = (name: TableName) => `${literal(qualified(name))}::regclass`;

const exists = async (session: Session, name: TableName) => {
  const { rows } = await session.query('SELECT pg_catalog.to_regclass($1) IS NOT NULL AS made', [
    qualified(name),
  ]);
  return rows[0]?.made === true;
};

/** Views and foreign keys hang on a table's identity: a swap would break them. */
const refuseDependents = async (session: Session, name: TableName) => {
  const { rows } = await session.query(
    `SELECT DISTINCT v.relname AS dependent FROM pg_catalog.pg_depend d
       JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid JOIN pg_catalog.pg_class v ON v.oid = r.ev_class
     WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.refobjid = ${regclass(name)} AND v.oid <> ${regclass(name)}
     UNION SELECT conname FROM pg_catalog.pg_constraint WHERE contype = 'f' AND confrelid = ${regclass(name)}`,
  );
  if (rows.length === 0) return;
  const names = rows.map(({ dependent }) => dependent).join(', ');
  throw new ConnectorError({
    code: 'table_has_dependents',
    message: `Other objects depend on the destination table ${name.schema}.${name.table}: ${names}.`,
    class: 'destination',
    retryable: false,
    hint: 'A full refresh replaces the table. Drop what depends on it, or make the table incremental.',
    table: `${name.schema}.${name.table}`,
  });
};

/** Statements that give the new table what the old one had beside its rows: grants, owner, further indexes. */
const inheritance = async (session: Session, name: TableName): Promise<string[]> => {
  const table = qualified(name);
  const grants = await session.query(
    `SELECT a.privilege_type AS privilege, a.is_grantable AS grantable,
       CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(g.rolname) END AS grantee
     FROM pg_catalog.pg_class c CROSS JOIN pg_catalog.aclexplode(c.relacl) a LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
     WHERE c.oid = ${regclass(name)} AND a.grantee <> c.relowner`,
  );
  const indexes = await session.query(
    `SELECT pg_catalog.pg_get_indexdef(i.indexrelid) AS definition FROM pg_catalog.pg_index i
     WHERE i.indrelid = ${regclass(name)} AND NOT i.indisprimary
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid)`,
  );
  return [
    ...indexes.rows.map(({ definition }) => definition as string),
    ...grants.rows.map(
      ({ privilege, grantee, grantable }) =>
        `GRANT ${privilege} ON ${table} TO ${grantee}${grantable ? ' WITH GRANT OPTION' : ''}`,
    ),
  ];
};

const requireCount = async ({ destination, load }: Copying, staging: TableName) => {
  const { rows } = await destination.query(`SELECT count(*)::float8 AS there FROM ${qualified(staging)}`);
  const copied = (await doneRanges(destination, load)).reduce((sum, range) => sum + range.rows, 0);
  if (rows[0]?.there === copied) return;
  throw new ConnectorError({
    code: 'row_count_differs',
    message: `Staging holds ${rows[0]?.there} rows where ${copied} were copied.`,
    class: 'platform',
    retryable: false,
    hint: 'Nothing was published. Trigger again.',
    table: load.table,
  });
};

/**
 * Puts staging in the table's place, in one transaction that begins with the load's own row: it happens once, and never
 * for an older epoch.
 */
export const publish = async (
  copying: Copying,
  { staging, columns }: { staging: TableName; columns: readonly Column[] },
) => {
  const { destination, load, key, target } = copying;
  const spare = { schema: target.schema, table: staging.table };
  await underLock(destination, `${target.schema}.${target.table}`, async () => {
    await closeRound(destination, load);
    await requireCount(copying, staging);
    const names = key
      .map(({ name }) => name)
      .filter((name) => columns.some((column) => column.name === name));
    if (names.length > 0)
      await destination.query(`ALTER TABLE ${qualified(staging)} ADD PRIMARY KEY (${identList(names)})`);
    await destination.query(`ALTER TABLE ${qualified(staging)} SET SCHEMA ${ident(target.schema)}`);
    const statements = (await exists(destination, target)) ? await replaced(destination, target) : [];
    await destination.query(`ALTER TABLE ${qualified(spare)} RENAME TO ${ident(target.table)}`);
    for (const statement of statements) await destination.query(statement);
  });
};

const replaced = async (session: Session, target: TableName) => {
  await refuseDependents(session, target);
  const statements = await inheritance(session, target);
  await session.query(`DROP TABLE ${qualified(target)}`);
  return statements;
};
