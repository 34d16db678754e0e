import * as z from 'zod';

const maxIdentifierBytes = 63;
const identifier = (name: string) => name.length > 0 && Buffer.byteLength(name) <= maxIdentifierBytes;

const Column = z.string().refine((name) => identifier(name) && !name.includes('\0'), 'must be a column name');

/** `schema.table`: one dot, so that no two tables are ever spelt alike. */
const QualifiedName = z.string().refine((name) => {
  const parts = name.split('.');
  return parts.length === 2 && parts.every(identifier) && !name.includes('\0');
}, 'must be schema.table');

const TableShape = z.strictObject({
  name: QualifiedName,
  mode: z.enum(['incremental', 'full_refresh']),
  primary_key: z.array(Column).max(32).default([]),
  cursor_column: Column.optional(),
  cursor_lookback: z.int().min(0).max(1_000_000_000).optional(),
  time_column: Column.optional(),
  partition_column: Column.optional(),
  destination_name: QualifiedName.optional(),
});

/** One table to move. */
export const TableSpec = TableShape.superRefine((table, context) => {
  const needs = (field: 'primary_key' | 'cursor_column', given: boolean) => {
    if (!given)
      context.addIssue({ code: 'custom', path: [field], message: 'is needed by an incremental table' });
  };
  if (table.mode === 'incremental') {
    needs('primary_key', table.primary_key.length > 0);
    needs('cursor_column', table.cursor_column !== undefined);
  }
  if (new Set(table.primary_key).size < table.primary_key.length)
    context.addIssue({ code: 'custom', path: ['primary_key'], message: 'names a column twice' });
});
export type TableSpec = z.output<typeof TableSpec>;

/** Each source table once, and no two into one destination table. */
export const TableSpecs = z
  .array(TableSpec)
  .min(1)
  .max(500)
  .superRefine((tables, context) => {
    const seen = { name: new Set<string>(), destination_name: new Set<string>() };
    for (const [index, table] of tables.entries()) {
      const target = table.destination_name ?? table.name;
      if (seen.name.has(table.name))
        context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is there twice' });
      else if (seen.destination_name.has(target))
        context.addIssue({
          code: 'custom',
          path: [index, 'destination_name'],
          message: 'is taken by another table',
        });
      seen.name.add(table.name);
      seen.destination_name.add(target);
    }
  });
