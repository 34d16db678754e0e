import { isoTime } from '#src/domain/clock.ts';
import { Failure, type FailureDetail } from '#src/domain/failure.ts';
import { pauseLiveSync } from '#src/domain/jobs/live-sync.ts';
import { connectionKey, connectionsKey, nameKey } from '#src/table/keys.ts';
import type { ConditionFailed, Write } from '#src/table/table.ts';
import type { StoredConnection, UpdateConnection } from './connection.ts';
import { putCredentials } from './connection-credentials.ts';
import { claimName, nameTaken } from './create-connection.ts';
import { patchedEnd } from './end.ts';

/**
 * The connection after a PUT: absent fields keep their values.
 * @throws Failure `invalid_request` where stored credentials would be shown to another address.
 */
export const updatedConnection = (
  connection: StoredConnection,
  { source = {}, destination = {}, ...settings }: UpdateConnection,
  now: number,
): StoredConnection => {
  const ends = {
    source: patchedEnd(connection.source, source),
    destination: patchedEnd(connection.destination, destination),
  };
  const details: FailureDetail[] = [];
  if (ends.source.moved && !source.credentials) details.push(credentialsNeeded('source'));
  if (ends.destination.moved && !destination.credentials) details.push(credentialsNeeded('destination'));
  if (details.length > 0)
    throw new Failure('invalid_request', 'Another address needs its credentials.', { details });
  return {
    ...connection,
    ...Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
    source: ends.source.end,
    destination: ends.destination.end,
    version: connection.version + 1,
    updated_at: isoTime(now),
  };
};

const credentialsNeeded = (end: string): FailureDetail => ({
  field: `${end}.credentials`,
  issue: 'must be given when type, host, port or ssl change',
});

/** The connection itself comes first: its place tells a changed version from a taken name. */
export const updateWrites = (
  organizationId: string,
  { before, after }: { before: StoredConnection; after: StoredConnection },
  sealed: { source?: string | undefined; destination?: string | undefined },
): Write[] => [
  {
    put: { ...connectionKey(organizationId, after.id), ...after },
    if: { version: before.version },
  },
  { put: { ...connectionsKey(organizationId, after.id), ...after } },
  ...(sealed.source || sealed.destination
    ? [putCredentials({ organizationId, connectionId: after.id }, sealed)]
    : []),
  ...(after.status === before.status
    ? []
    : [pauseLiveSync(organizationId, after.id, after.status === 'paused')]),
  ...(after.name === before.name
    ? []
    : [claimName(organizationId, after), { delete: nameKey(organizationId, 'connection', before.name) }]),
];

export const updateRefused = ({ failed }: ConditionFailed, name: string) =>
  failed.has(0)
    ? new Failure('version_conflict', 'The connection has just been changed by another request.')
    : nameTaken(name);
