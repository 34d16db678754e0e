import { notFound } from '#src/domain/failure.ts';
import type { Vault } from '#src/domain/vault.ts';
import { connectionKey } from '#src/table/keys.ts';
import type { Table } from '#src/table/table.ts';
import { StoredConnection } from './connection.ts';
import { openCredentials } from './connection-credentials.ts';
import type { OpenEnd } from './end.ts';

export const readConnection = async (
  table: Table,
  organizationId: string,
  connectionId: string,
): Promise<StoredConnection> => {
  const item = await table.get(connectionKey(organizationId, connectionId));
  if (!item) throw notFound('connection');
  return StoredConnection.parse(item);
};

export type OpenConnection = { connection: StoredConnection; source: OpenEnd; destination: OpenEnd };

/** A connection with both ends' credentials in the clear: for the workers that connect, in one read and two decryptions. */
export const openConnection = async (
  table: Table,
  vault: Pick<Vault, 'open'>,
  { organizationId, connectionId }: { organizationId: string; connectionId: string },
): Promise<OpenConnection> => {
  const [item, sealed] = await table.getMany([
    connectionKey(organizationId, connectionId),
    connectionKey(organizationId, connectionId, 'CREDENTIALS'),
  ]);
  if (!item || !sealed) throw notFound('connection');
  const connection = StoredConnection.parse(item);
  const credentials = await openCredentials(vault, organizationId, connectionId, sealed);
  return {
    connection,
    source: { ...connection.source, credentials: credentials.source },
    destination: { ...connection.destination, credentials: credentials.destination },
  };
};
