import * as z from 'zod';

const promised = new Set(['mysql', 's3', 'lambda']);

/** Where rows come from or go to. The contract names more types; until they exist they are refused by name. */
const EndType = z.enum(['postgres'], {
  error: ({ input }) => (promised.has(String(input)) ? 'is not available yet' : 'must be postgres'),
});

const text = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it keeps out
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not hold control characters');

const postgresConfig = {
  host: z
    .string()
    .max(253)
    .regex(/^[A-Za-z0-9._:-]+$/, 'must be a host name or an address'),
  port: z.int().min(1).max(65_535),
  database: text(63),
  ssl: z.enum(['disable', 'require', 'verify-full']),
  schema: text(63),
};

const EndConfig = z.object({
  ...postgresConfig,
  port: postgresConfig.port.default(5432),
  ssl: postgresConfig.ssl.default('verify-full'),
  schema: postgresConfig.schema.optional(),
});

/** One end as callers see it: everything but its credentials. */
export const End = z.object({ type: EndType, config: EndConfig });
export type End = z.output<typeof End>;

/** Write-only. */
export const Credentials = z.strictObject({
  user: text(63),
  password: z
    .string()
    .min(1)
    // both are sealed together, and KMS takes 4 KB
    .refine((password) => Buffer.byteLength(JSON.stringify(password)) <= 2048, 'is too long'),
});
export type Credentials = z.output<typeof Credentials>;

export const NewEnd = z.strictObject({
  type: EndType,
  config: EndConfig.strict(),
  credentials: Credentials,
});
export type NewEnd = z.output<typeof NewEnd>;

/** What a PUT may say of an end: absent fields keep their values, `schema: null` takes it away. */
export const EndPatch = z.strictObject({
  type: EndType.optional(),
  config: z
    .strictObject({ ...postgresConfig, schema: postgresConfig.schema.nullable() })
    .partial()
    .optional(),
  credentials: Credentials.optional(),
});
export type EndPatch = z.output<typeof EndPatch>;

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
const given = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;

/** What decides to whom credentials are shown: a change of these needs new ones. */
const addressOf = ({ type, config: { host, port, ssl } }: End) => JSON.stringify([type, host, port, ssl]);

/** The end after a PUT, and whether its credentials would go to another place than before. */
export const patchedEnd = (end: End, { type, config }: EndPatch): { end: End; moved: boolean } => {
  const { schema, ...rest } = config ?? {};
  const merged = { ...end.config, ...given(rest), ...(schema && { schema }) };
  if (schema === null) delete merged.schema;
  const next: End = { type: type ?? end.type, config: merged };
  return { end: next, moved: addressOf(next) !== addressOf(end) };
};

/** An end as a connector takes it. */
export type OpenEnd = End & { credentials: Credentials };
