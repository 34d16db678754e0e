import * as z from 'zod';
import { credentialKey } from '#src/table/keys.ts';
import type { Item, Table } from '#src/table/table.ts';
import { hashOfKey, prefixOfKey } from './api-key.ts';

/** A key as the table holds it, under its hash; times are epoch milliseconds. */
export const ApiKeyRecord = z.object({
  id: z.string(),
  organization_id: z.string(),
  name: z.string(),
  prefix: z.string(),
  scopes: z.array(z.string()),
  created_at: z.int(),
  expires_at: z.int().nullable(),
  revoked_at: z.int().nullable(),
  /** Set while the deploy's context does not name the organization. */
  is_organization_disabled: z.boolean().default(false),
});
export type ApiKeyRecord = z.output<typeof ApiKeyRecord>;

type NewKey = Pick<ApiKeyRecord, 'id' | 'organization_id' | 'name' | 'scopes' | 'created_at'>;

export const apiKeyItem = (key: string, record: NewKey): Item => ({
  ...credentialKey(hashOfKey(key)),
  ...record,
  prefix: prefixOfKey(key),
  expires_at: null,
  revoked_at: null,
});

const isLive = (record: ApiKeyRecord, now: number) =>
  record.revoked_at === null &&
  !record.is_organization_disabled &&
  (record.expires_at === null || record.expires_at > now);

/** The live record of a well-formed key, by one strong read: a revoked key is dead on the next request. */
export const findLiveKey = async (table: Table, key: string, now: number) => {
  const item = await table.get(credentialKey(hashOfKey(key)));
  const record = item && ApiKeyRecord.parse(item);
  return record && isLive(record, now) ? record : undefined;
};
