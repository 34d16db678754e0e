import { isoTime } from '#src/domain/clock.ts';
import { Failure } from '#src/domain/failure.ts';
import { newId } from '#src/domain/ids.ts';
import { newLiveSync } from '#src/domain/jobs/live-sync.ts';
import { connectionKey, connectionsKey, countKey, nameKey } from '#src/table/keys.ts';
import { absent, below, type ConditionFailed, orAbsent, type Write } from '#src/table/table.ts';
import type { CreateConnection, StoredConnection } from './connection.ts';
import { putCredentials } from './connection-credentials.ts';

type Sealed = { source: string; destination: string };

export const newConnectionId = (now: number) => newId('connection', now);

/** What a new connection is; its credentials go elsewhere. */
export const newConnection = (id: string, body: CreateConnection, now: number): StoredConnection => {
  const at = isoTime(now);
  return {
    ...body,
    id,
    source: { type: body.source.type, config: body.source.config },
    destination: { type: body.destination.type, config: body.destination.config },
    version: 1,
    created_at: at,
    updated_at: at,
  };
};

/** The name's claim; refused where another connection has it. */
export const claimName = (organizationId: string, { id, name }: { id: string; name: string }): Write => ({
  put: { ...nameKey(organizationId, 'connection', name), connection_id: id },
  if: { pk: absent },
});

/** The connection in its own partition and, as a copy, in the list. */
const putConnection = (organizationId: string, connection: StoredConnection): Write[] => [
  { put: { ...connectionKey(organizationId, connection.id), ...connection } },
  { put: { ...connectionsKey(organizationId, connection.id), ...connection } },
];

/** Name and count come first: `creationRefused` knows their places. */
export const creationWrites = (
  organizationId: string,
  connection: StoredConnection,
  { sealed, maxConnections }: { sealed: Sealed; maxConnections: number },
): Write[] => [
  claimName(organizationId, connection),
  {
    update: countKey(organizationId, 'connections'),
    add: { count: 1 },
    if: { count: orAbsent(below(maxConnections)) },
  },
  ...putConnection(organizationId, connection),
  putCredentials({ organizationId, connectionId: connection.id }, sealed),
  { put: { ...newLiveSync(organizationId, connection.id), paused: connection.status === 'paused' } },
];

export const creationRefused = ({ failed }: ConditionFailed, name: string) =>
  failed.has(0)
    ? nameTaken(name)
    : new Failure('limit_reached', 'The organization has as many connections as it may have.');

export const nameTaken = (name: string) =>
  new Failure('conflict', `There is a connection named ${JSON.stringify(name)} already.`, {
    details: [{ field: 'name', issue: 'is taken' }],
  });
