import type { SourceTable } from './connection.ts';

const byName = (a: SourceTable, b: SourceTable) => (a.name < b.name ? -1 : Number(a.name > b.name));

/** Each page discovers anew; the name is the position, so tables that come and go move nothing. */
export const pageOfTables = (tables: readonly SourceTable[], page: { limit: number; after?: string }) => {
  const { limit, after = '' } = page;
  const behind = tables.toSorted(byName).filter(({ name }) => name > after);
  const items = behind.slice(0, limit);
  return { items, next: behind.length > limit ? items.at(-1)?.name : undefined };
};
