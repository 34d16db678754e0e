import * as z from 'zod';
import { idSchema } from '#src/domain/ids.ts';
import { End, EndPatch, NewEnd } from './end.ts';
import { TableSpec, TableSpecs } from './table-spec.ts';

const Name = z
  .string()
  .min(1)
  .max(100)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it keeps out
  .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not hold control characters');

const settings = {
  name: Name,
  tables: TableSpecs,
  max_source_concurrency: z.int().min(1).max(100).nullable(),
  schema_change: z.enum(['widen', 'fail', 'ignore']),
  status: z.enum(['active', 'paused']),
};

const time = z.iso.datetime();

/** A connection as the table holds it, credentials apart. */
export const StoredConnection = z.object({
  id: idSchema('connection'),
  ...settings,
  tables: z.array(TableSpec),
  source: End,
  destination: End,
  version: z.int(),
  created_at: time,
  updated_at: time,
});
export type StoredConnection = z.output<typeof StoredConnection>;

/** A connection as callers see it. */
export const Connection = z
  .object({
    id: idSchema('connection'),
    type: z.literal('connection'),
    attributes: StoredConnection.omit({ id: true }),
  })
  .meta({ id: 'Connection', description: 'Moves tables from one source to one destination.' });
export type Connection = z.output<typeof Connection>;

export const shown = ({ id, ...attributes }: StoredConnection): Connection => ({
  id,
  type: 'connection',
  attributes,
});

export const CreateConnection = z
  .strictObject({
    ...settings,
    source: NewEnd,
    destination: NewEnd,
    max_source_concurrency: settings.max_source_concurrency.default(null),
    schema_change: settings.schema_change.default('widen'),
    status: settings.status.default('active'),
  })
  .meta({ id: 'CreateConnection' });
export type CreateConnection = z.output<typeof CreateConnection>;

export const UpdateConnection = z
  .strictObject({ ...settings, source: EndPatch, destination: EndPatch })
  .partial()
  .meta({ id: 'UpdateConnection' });
export type UpdateConnection = z.output<typeof UpdateConnection>;

export const ConnectionListQuery = z.strictObject({
  /** The type of either end. */
  type: z.string().optional(),
  name: z.string().optional(),
});

/** One thing that was tried at an end. */
export const Check = z.object({
  end: z.enum(['source', 'destination']),
  name: z.string(),
  ok: z.boolean(),
  issue: z.string().optional(),
  hint: z.string().optional(),
});
export type Check = z.output<typeof Check>;

export const ConnectionTest = z
  .object({ ok: z.boolean(), checks: z.array(Check) })
  .meta({ id: 'ConnectionTest' });

export const SourceTable = z
  .object({
    name: z.string(),
    primary_key: z.array(z.string()),
    columns: z.array(z.object({ name: z.string(), type: z.string(), nullable: z.boolean() })),
    cursor_candidates: z.array(z.string()),
    estimated_rows: z.number().nullable(),
  })
  .meta({ id: 'SourceTable' });
export type SourceTable = z.output<typeof SourceTable>;
