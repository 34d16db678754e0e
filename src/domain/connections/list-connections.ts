import { connectionsKey } from '#src/table/keys.ts';
import type { Table } from '#src/table/table.ts';
import { StoredConnection } from './connection.ts';

type Filters = { type?: string | undefined; name?: string | undefined };
type Page = { limit: number; after?: string };

/** How many a page looks at when a filter lets few through; it may then be short, with more behind it. */
const lookedAtMax = 500;
const filteredPageSize = 100;

const matches = ({ source, destination, name }: StoredConnection, filters: Filters) =>
  (filters.name === undefined || filters.name === name) &&
  (filters.type === undefined || filters.type === source.type || filters.type === destination.type);

/** Newest first. A position is an id that was looked at, so what comes and goes between pages moves nothing. */
export const listConnections = async (
  table: Table,
  organizationId: string,
  { filters, page }: { filters: Filters; page: Page },
): Promise<{ items: StoredConnection[]; next?: string | undefined }> => {
  const found: StoredConnection[] = [];
  const isFiltered = filters.name !== undefined || filters.type !== undefined;
  let after = page.after;
  for (let lookedAt = 0; ; ) {
    const { items, next } = await query(table, organizationId, {
      after,
      limit: isFiltered ? filteredPageSize : page.limit + 1,
    });
    const connections = items.map((item) => StoredConnection.parse(item));
    found.push(...connections.filter((connection) => matches(connection, filters)));
    if (found.length > page.limit)
      return { items: found.slice(0, page.limit), next: found[page.limit - 1]?.id };
    if (!next) return { items: found };
    lookedAt += items.length;
    after = connections.at(-1)?.id;
    if (lookedAt >= lookedAtMax) return { items: found, next: after };
  }
};

const query = (
  table: Table,
  organizationId: string,
  { after, limit }: { after: string | undefined; limit: number },
) => {
  const { pk } = connectionsKey(organizationId);
  const from = after && { after: connectionsKey(organizationId, after) };
  return table.query({ pk, prefix: 'conn_', limit, descending: true, ...from });
};
