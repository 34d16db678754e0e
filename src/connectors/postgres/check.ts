import { type Check, ConnectorError, type End, type Network, type TableSpec } from '../connector.ts';
import { columnNamed, findTable, sourceTable, type Table } from './catalog.ts';
import { requireCursorType } from './cursor.ts';
import { driftOf, type Policy } from './drift.ts';
import { connectorError } from './errors.ts';
import { ident, qualified, type TableName } from './identifiers.ts';
import { targetOf } from './load.ts';
import { openSession, type Session } from './session.ts';
import { requireTypes } from './target.ts';

type EndName = Check['end'];

/** How long a look into a database may take. */
export const inspectTimeoutMs = 15_000;

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

const checkSourceTable = async (session: Session, spec: TableSpec): Promise<Table> => {
  const table = await sourceTable(session, spec.name);
  for (const column of spec.primary_key) columnNamed(table, column);
  if (spec.mode === 'incremental') requireCursorType(columnNamed(table, spec.cursor_column ?? ''), spec.name);
  const { rows } = await session.query(
    "SELECT pg_catalog.has_table_privilege($1::regclass, 'SELECT') AS may",
    [qualified(table)],
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

const checkRights = async (session: Session, target: TableName) => {
  const { rows } = await session.query(
    `SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS database,
       CASE WHEN pg_catalog.to_regnamespace($1) IS NULL THEN NULL
            ELSE pg_catalog.has_schema_privilege($2, 'CREATE') END AS schema`,
    [ident(target.schema), target.schema],
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

const checkTarget = async (session: Session, target: TableName, table: Table | undefined, policy: Policy) => {
  await checkRights(session, target);
  if (!table) return;
  await requireTypes(session, table.columns, `${target.schema}.${target.table}`);
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
        checkTarget(
          session,
          targetOf({ table: spec, destination }),
          found.get(spec.name),
          schemaChange as Policy,
        ),
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
    opened.push(
      await openSession({ end, at, network, applicationName: 'plnx/check', timeoutMs: inspectTimeoutMs }),
    );
  });
  const [session] = opened;
  if (!session) return [reach];
  try {
    return [reach, ...(await work(session))];
  } finally {
    await session.end();
  }
};
