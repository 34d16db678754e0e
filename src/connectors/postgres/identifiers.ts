import pg from 'pg';

export const { escapeIdentifier: ident, escapeLiteral: literal } = pg;

export type TableName = { schema: string; table: string };

/** `schema.table`; a name without a dot lies in `public`. */
export const tableName = (text: string): TableName => {
  const dot = text.indexOf('.');
  return dot < 0
    ? { schema: 'public', table: text }
    : { schema: text.slice(0, dot), table: text.slice(dot + 1) };
};

export const qualified = ({ schema, table }: TableName) => `${ident(schema)}.${ident(table)}`;

export const identList = (names: readonly string[]) => names.map((name) => ident(name)).join(', ');
