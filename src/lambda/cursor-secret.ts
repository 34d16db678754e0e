import * as z from 'zod';
import { cursorSecretKey } from '#src/table/keys.ts';
import type { Table } from '#src/table/table.ts';

const CursorSecret = z.object({ secret: z.base64() });

/** By table and organization: no tenant ever gets another one's. */
const known = new WeakMap<Table, Map<string, Buffer>>();

/** The key that signs an organization's cursors: made with the organization, read once per warm instance. */
export const cursorSecret = async (table: Table, organizationId: string): Promise<Buffer> => {
  const secrets = known.get(table) ?? new Map<string, Buffer>();
  known.set(table, secrets);
  const secret =
    secrets.get(organizationId) ??
    Buffer.from(CursorSecret.parse(await table.get(cursorSecretKey(organizationId))).secret, 'base64');
  secrets.set(organizationId, secret);
  return secret;
};
