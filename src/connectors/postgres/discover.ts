import type { DiscoveredTable, End, Network } from '../connector.ts';
import { inspectTimeoutMs } from './check.ts';
import { openSession } from './session.ts';

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
    timeoutMs: inspectTimeoutMs,
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
