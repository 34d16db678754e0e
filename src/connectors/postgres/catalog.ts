import { ConnectorError } from '../connector.ts';
import { tableName } from './identifiers.ts';
import type { Session } from './session.ts';

export type Enum = { schema: string; name: string; labels: string[] };
export type Column = {
  name: string;
  /** As `format_type` says it, qualified where it is not built in; a domain's base type. */
  type: string;
  /** Whether the type has a collation, so that keys of it are ordered by "C". */
  collatable: boolean;
  nullable: boolean;
  enum?: Enum | undefined;
};
export type Table = {
  schema: string;
  table: string;
  columns: Column[];
  estimatedRows: number;
  bytes: number;
};

const columnsOfTable = `
  SELECT a.attname AS name, NOT a.attnotnull AS nullable, t.typcollation <> 0 AS collatable,
    format_type(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END,
                CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END) AS type,
    CASE WHEN e.typtype = 'e' THEN json_build_object('schema', n.nspname, 'name', e.typname, 'labels',
      (SELECT json_agg(enumlabel ORDER BY enumsortorder) FROM pg_catalog.pg_enum WHERE enumtypid = e.oid)) END AS enum
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  JOIN pg_catalog.pg_type e ON e.oid = CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN t.typelem ELSE t.oid END
  JOIN pg_catalog.pg_namespace n ON n.oid = e.typnamespace
  WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY a.attnum`;

const tableOf = `
  SELECT c.oid, GREATEST(c.reltuples, 0)::float8 AS rows, pg_catalog.pg_table_size(c.oid)::float8 AS bytes
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`;

/** The table as it stands now; undefined where there is none. */
export const findTable = async (
  session: Session,
  name: { schema: string; table: string },
): Promise<Table | undefined> => {
  const found = await session.query(tableOf, [name.schema, name.table]);
  const [row] = found.rows;
  if (!row) return undefined;
  const columns = await session.query(columnsOfTable, [row.oid]);
  return {
    ...name,
    estimatedRows: row.rows,
    bytes: row.bytes,
    columns: columns.rows.map((column) => ({ ...column, enum: column.enum ?? undefined })),
  };
};

/** @throws ConnectorError `table_not_found` */
export const sourceTable = async (session: Session, name: string): Promise<Table> => {
  const table = await findTable(session, tableName(name));
  if (table) return table;
  throw new ConnectorError({
    code: 'table_not_found',
    message: `The source has no table ${name}, or its user may not see it.`,
    class: 'source',
    retryable: false,
    hint: 'List the source’s tables with GET /api/v1/connections/{connectionId}/tables.',
    table: name,
  });
};

/** @throws ConnectorError `column_not_found` */
export const columnNamed = (table: Table, name: string): Column => {
  const column = table.columns.find((one) => one.name === name);
  if (column) return column;
  const shown = `${table.schema}.${table.table}`;
  throw new ConnectorError({
    code: 'column_not_found',
    message: `The table ${shown} has no column ${name}.`,
    class: 'configuration',
    retryable: false,
    hint: 'Change primary_key or cursor_column of the table in the connection.',
    table: shown,
  });
};
