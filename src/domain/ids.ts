import { randomBytes } from 'node:crypto';
import * as z from 'zod';

/** What each kind of id begins with (contract §1). */
const idPrefixes = {
  organization: 'org',
  user: 'usr',
  key: 'key',
  connection: 'conn',
  pipeline: 'pl',
  pool: 'pool',
  job: 'job',
  backfill: 'bf',
  event: 'evt',
  webhook: 'wh',
  delivery: 'whd',
  audit: 'aud',
} as const;

export type IdKind = keyof typeof idPrefixes;

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford's base 32, as ULIDs have it

/** 10 characters of time, 16 of chance: sorts by creation to the millisecond and tells nobody else's count. */
const ulid = (epochMs: number) => {
  let time = '';
  for (let rest = epochMs, n = 0; n < 10; n++, rest = Math.floor(rest / 32))
    time = alphabet[rest % 32] + time;
  return time + Array.from(randomBytes(16), (byte) => alphabet[byte % 32]).join('');
};

export const newId = (kind: IdKind, epochMs: number) => `${idPrefixes[kind]}_${ulid(epochMs)}`;

/** The smallest id of that kind made at or after a time: where a list `since` begins. */
export const firstIdAt = (kind: IdKind, epochMs: number) =>
  `${idPrefixes[kind]}_${ulid(epochMs).slice(0, 10)}${'0'.repeat(16)}`;

const pattern = (kind: IdKind) => new RegExp(`^${idPrefixes[kind]}_[0-7][0-9a-hjkmnp-tv-z]{25}$`);

const makeIdSchema = (kind: IdKind) =>
  z
    .string()
    .regex(pattern(kind))
    .meta({ id: `${kind}_id`, example: `${idPrefixes[kind]}_01jq8k2m3n4p5q6r7s8t9v0w1x` });

const schemas = new Map<IdKind, ReturnType<typeof makeIdSchema>>();

/** One schema for each kind: the OpenAPI document names it once. */
export const idSchema = (kind: IdKind) => {
  const schema = schemas.get(kind) ?? makeIdSchema(kind);
  schemas.set(kind, schema);
  return schema;
};

export const isId = (kind: IdKind, text: string) => pattern(kind).test(text);
