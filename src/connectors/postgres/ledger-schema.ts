import { ConnectorError } from '../connector.ts';
import { literal } from './identifiers.ts';
import { inTransaction, type Session } from './session.ts';

/**
 * What is kept at a destination, in the schema `_planasonix`: who owns a table, and of each load its head and its
 * ranges. These rows are the truth about what has been loaded, and carry the fence.
 */
const schema = `
  CREATE SCHEMA IF NOT EXISTS _planasonix;
  CREATE TABLE IF NOT EXISTS _planasonix.tables (
    name text PRIMARY KEY, connection_id text NOT NULL, claimed_at timestamptz NOT NULL DEFAULT pg_catalog.now());
  CREATE TABLE IF NOT EXISTS _planasonix.loads (
    load text PRIMARY KEY, table_name text NOT NULL, epoch bigint NOT NULL, meaning text NOT NULL, round int NOT NULL,
    low text, high text, position text, job_id text NOT NULL, state text NOT NULL, warnings jsonb NOT NULL DEFAULT '[]',
    changed_at timestamptz NOT NULL DEFAULT pg_catalog.now());
  CREATE TABLE IF NOT EXISTS _planasonix.ranges (
    load text NOT NULL, round int NOT NULL, number int NOT NULL, lower text, upper text, position int NOT NULL DEFAULT 0,
    epoch bigint NOT NULL, job_id text NOT NULL, rows_read bigint, rows_loaded bigint, bytes bigint, checksum text,
    PRIMARY KEY (load, round, number));`;

/** The one lock under which schemas, types and `_planasonix` are made. */
const schemaLock = 7_261_503_001;

/** Work under a lock that ends with the transaction. */
export const underLock = <T>(session: Session, lock: number | string, work: () => Promise<T>) =>
  inTransaction(session, async () => {
    const key = typeof lock === 'number' ? String(lock) : `pg_catalog.hashtextextended(${literal(lock)}, 0)`;
    await session.query('SET LOCAL lock_timeout = 0');
    await session.query(`SELECT pg_catalog.pg_advisory_xact_lock(${key})`);
    await session.query("SET LOCAL lock_timeout = '5s'");
    return work();
  });

export const ensureLedger = async (session: Session) => {
  const { rows } = await session.query(
    "SELECT pg_catalog.to_regclass('_planasonix.ranges') IS NOT NULL AS made",
  );
  if (rows[0]?.made !== true) await underLock(session, schemaLock, () => session.query(schema));
};

/** A destination table belongs to the connection that wrote it first. */
export const ownTable = async (session: Session, name: string, connectionId: string) => {
  await session.query(
    'INSERT INTO _planasonix.tables (name, connection_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    [name, connectionId],
  );
  const { rows } = await session.query('SELECT connection_id FROM _planasonix.tables WHERE name = $1', [
    name,
  ]);
  if (rows[0]?.connection_id === connectionId) return;
  throw new ConnectorError({
    code: 'table_owned_by_another_connection',
    message: `The destination table ${name} is written by another connection.`,
    class: 'destination',
    retryable: false,
    hint: 'Give the table another destination_name, or delete the other connection.',
    table: name,
  });
};
