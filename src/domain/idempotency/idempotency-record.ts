import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import canonicalize from 'canonicalize';
import * as z from 'zod';
import { Failure } from '#src/domain/failure.ts';
import { idempotencyKey } from '#src/table/keys.ts';
import { atMost, type Item, orAbsent, type Table, type Write } from '#src/table/table.ts';

const promiseMs = 24 * 3600_000;
const keptMs = 7 * 24 * 3600_000;

/** The first answer to a key; `reply` is its data as JSON, deflated in the table: below 1 KB it costs one unit less. */
export const IdempotencyRecord = z.object({
  fingerprint: z.string(),
  status: z.int(),
  reply: z.instanceof(Uint8Array).transform((bytes) => inflateRawSync(bytes).toString()),
  expires_at: z.int(),
});
export type IdempotencyRecord = z.output<typeof IdempotencyRecord>;

/** A key as one request uses it. */
export type KeyedRequest = { organizationId: string; key: string; fingerprint: string };

/** The same for the same request whatever its key order and spaces, different for any other. */
export const fingerprintOf = (request: {
  method: string;
  path: string;
  params: Readonly<Record<string, string>>;
  body: unknown;
}) =>
  createHash('sha256')
    .update(canonicalize(request) ?? '')
    .digest('hex');

/** Thrown where the key has committed before: the wrapper answers the first reply again. */
export class Replayed extends Error {
  override readonly name = 'Replayed';
  readonly record: IdempotencyRecord;

  constructor(record: IdempotencyRecord) {
    super('This Idempotency-Key has its answer already.');
    this.record = record;
  }
}

/** The answer that counts now; a record past its time is none, whether or not TTL has taken it. */
const liveRecord = (item: Item | undefined, now: number) => {
  const record = item && IdempotencyRecord.parse(item);
  return record && record.expires_at > now ? record : undefined;
};

export const findRecord = async (table: Table, { organizationId, key }: KeyedRequest, now: number) =>
  liveRecord(await table.get(idempotencyKey(organizationId, key)), now);

/** @throws Replayed for the same request, Failure `idempotency_key_reused` for another one. */
export const refuseRepetition = (record: IdempotencyRecord | undefined, { fingerprint }: KeyedRequest) => {
  if (!record) return;
  if (record.fingerprint === fingerprint) throw new Replayed(record);
  throw new Failure('idempotency_key_reused', 'This Idempotency-Key belongs to another request.');
};

/** What is shown once is not kept: a replay answers it as null. */
const withoutOnce = (reply: unknown, once: readonly string[]) =>
  JSON.stringify(reply ?? null, (name, value) => (once.includes(name) ? null : value));

/** The record of a first answer; refused while another one still counts. */
export const putRecord = (
  { organizationId, key, fingerprint }: KeyedRequest,
  answer: { status: number; reply: unknown; once?: readonly string[] | undefined },
  now: number,
): Write => ({
  put: {
    ...idempotencyKey(organizationId, key),
    fingerprint,
    status: answer.status,
    reply: deflateRawSync(withoutOnce(answer.reply, answer.once ?? [])),
    expires_at: now + promiseMs,
    ttl: Math.floor((now + keptMs) / 1000),
  },
  if: { expires_at: orAbsent(atMost(now)) },
});
