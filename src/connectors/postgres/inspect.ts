import {
  type Check,
  ConnectorError,
  type DiscoveredTable,
  type End,
  type Network,
  type TableSpec,
} from '../connector.ts';
import { columnNamed, findTable, sourceTable, type Table } from './catalog.ts';
import { requireCursorType } from './cursor.ts';
import { driftOf, type Policy } from './drift.ts';
import { connectorError } from './errors.ts';
import { type TableName, tableName } from './identifiers.ts';
import { openSession, type Session } from './session.ts';

type EndName = Check['end'];

const timeoutMs = 15_000;

/** Runs what may fail and says how it went; a broken end is an answer, not an error. */
const tried = async (end: EndName, name: string, step: () => Promise<unknown>): Promise<Check> => {
  try {
    await step();
    return { end, name, ok: true };
  } catch (error) {
    const known = connectorError(error, end);
    if (!(known instanceof ConnectorError)) throw error;
    return { end, name, ok: false, issue: known.message, ...(known.hint && { hint: known.hint }) };
  }
};

const refusal = (code: string, message: string, hint: string) =>
  new ConnectorError({ code, message, class: 'destination', retryable: false, hint });

const targetOf = ({ name, destination_name }: TableSpec, { config }: End): TableName => {
  if (destination_name) return tableName(destination_name);
  const source = tableName(name);
  return typeof config.schema === 'string' ? { ...source, schema: config.schema } : source;
};

const checkSourceTable = async (session: Session, spec: TableSpec): Promise<Table> => {
  const table = await sourceTable(session, spec.name);
  for (const column of spec.primary_key) columnNamed(table, column);
  if (spec.mode === 'incremental') requireCursorType(columnNamed(table, spec.cursor_column ?? ''), spec.name);
  const { rows } = await session.query(
    "SELECT pg_catalog.has_table_privilege($1::regclass, 'SELECT') AS may",
    [`${quoted(table.schema)}.${quoted(table.table)}`],
  );
  if (rows[0]?.may === true) return table;
  throw new ConnectorError({
    code: 'permission_denied',
    message: `The source's user may not read ${spec.name}.`,
    class: 'source',
    retryable: false,
    hint: `GRANT SELECT ON ${spec.name} to the user of the source.`,
  });
};

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

const checkRights = async (session: Session, target: TableName) => {
  const { rows } = await session.query(
    `SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS database,
       CASE WHEN pg_catalog.to_regnamespace($1) IS NULL THEN NULL
            ELSE pg_catalog.has_schema_privilege($2, 'CREATE') END AS schema`,
    [quoted(target.schema), target.schema],
  );
  const { database, schema } = rows[0] ?? {};
  const ledger = await session.query("SELECT pg_catalog.to_regnamespace('_planasonix') IS NOT NULL AS made");
  if (database !== true && (ledger.rows[0]?.made !== true || schema === null)) {
    throw refusal(
      'permission_denied',
      'The destination’s user may not create schemas.',
      'GRANT CREATE ON DATABASE … to the user of the destination.',
    );
  }
  if (schema === false) {
    throw refusal(
      'permission_denied',
      `The destination's user may not create tables in ${target.schema}.`,
      `GRANT CREATE ON SCHEMA ${target.schema} to the user of the destination.`,
    );
  }
};

const checkTypes = async (session: Session, table: Table) => {
  for (const { name, type } of table.columns.filter((column) => !column.enum)) {
    const { rows } = await session.query('SELECT pg_catalog.to_regtype($1) IS NOT NULL AS known', [type]);
    if (rows[0]?.known === true) continue;
    throw refusal(
      'type_without_counterpart',
      `Column ${name} has the type ${type}, which the destination does not have.`,
      'Create the type or its extension at the destination.',
    );
  }
};

const checkTarget = async (session: Session, target: TableName, table: Table | undefined, policy: Policy) => {
  await checkRights(session, target);
  if (!table) return;
  await checkTypes(session, table);
  const found = await findTable(session, target);
  if (found) driftOf(table, found, policy);
};

export type Question = {
  source: End;
  destination: End;
  network: Network;
  tables: readonly TableSpec[];
  schemaChange: string;
};

/** Reaches both ends and tells what they may not do, table by table. */
export const check = async ({
  source,
  destination,
  network,
  tables,
  schemaChange,
}: Question): Promise<Check[]> => {
  const checks: Check[] = [];
  const found = new Map<string, Table>();
  checks.push(
    ...(await atEnd('source', source, network, (session) =>
      eachTable(tables, 'source', async (spec) =>
        found.set(spec.name, await checkSourceTable(session, spec)),
      ),
    )),
  );
  checks.push(
    ...(await atEnd('destination', destination, network, (session) =>
      eachTable(tables, 'destination', (spec) =>
        checkTarget(session, targetOf(spec, destination), found.get(spec.name), schemaChange as Policy),
      ),
    )),
  );
  return checks;
};

const eachTable = async (
  tables: readonly TableSpec[],
  end: EndName,
  step: (spec: TableSpec) => Promise<unknown>,
) => {
  const checks: Check[] = [];
  for (const spec of tables) checks.push(await tried(end, spec.name, () => step(spec)));
  return checks;
};

const atEnd = async (
  end: EndName,
  at: End,
  network: Network,
  work: (session: Session) => Promise<Check[]>,
) => {
  const opened: Session[] = [];
  const reach = await tried(end, 'reach', async () => {
    opened.push(await openSession({ end, at, network, applicationName: 'plnx/check', timeoutMs }));
  });
  const [session] = opened;
  if (!session) return [reach];
  try {
    return [reach, ...(await work(session))];
  } finally {
    await session.end();
  }
};

const tablesQuery = `
  SELECT n.nspname || '.' || c.relname AS name,
    CASE WHEN c.reltuples < 0 THEN NULL ELSE c.reltuples::float8 END AS estimated_rows,
    COALESCE((SELECT json_agg(a.attname ORDER BY k.ord) FROM pg_catalog.pg_index i
      CROSS JOIN pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, ord)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE i.indrelid = c.oid AND i.indisprimary), '[]') AS primary_key,
    (SELECT json_agg(json_build_object('name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
        'nullable', NOT a.attnotnull) ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', '_planasonix')
    AND n.nspname NOT LIKE 'pg\\_%' AND NOT c.relispartition AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
  ORDER BY 1`;

const namedLikeACursor = /(updated|modified|changed|created|inserted|_at$|_ts$|timestamp|version|seq)/i;

const candidates = ({ columns, primary_key }: Pick<DiscoveredTable, 'columns' | 'primary_key'>) =>
  columns
    .filter(
      ({ name, type }) =>
        /^timestamp/.test(type) ||
        (/^(bigint|integer|numeric)/.test(type) &&
          (primary_key.includes(name) || namedLikeACursor.test(name))),
    )
    .map(({ name }) => name)
    .toSorted((a, b) => Number(/upd|mod|chang/i.test(b)) - Number(/upd|mod|chang/i.test(a)));

/** The source's tables, keys, columns and the columns that may serve as cursor, likeliest first. */
export const discover = async ({
  source,
  network,
}: {
  source: End;
  network: Network;
}): Promise<DiscoveredTable[]> => {
  const session = await openSession({
    end: 'source',
    at: source,
    network,
    applicationName: 'plnx/discover',
    timeoutMs,
  });
  try {
    const { rows } = await session.query(tablesQuery);
    return rows.map((row) => ({
      ...row,
      columns: row.columns ?? [],
      cursor_candidates: candidates({ ...row, columns: row.columns ?? [] }),
    }));
  } finally {
    await session.end();
  }
};
