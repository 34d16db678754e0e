import { Failure, notFound } from '#src/domain/failure.ts';
import { removeLiveSync } from '#src/domain/jobs/live-sync.ts';
import { connectionKey, connectionsKey, countKey, nameKey } from '#src/table/keys.ts';
import { type ConditionFailed, present, type Write } from '#src/table/table.ts';
import type { StoredConnection } from './connection.ts';

/** Everything that was kept of it goes at once, while no job uses it; the destination's rows stay. */
export const deletionWrites = (organizationId: string, { id, name, version }: StoredConnection): Write[] => [
  { delete: connectionKey(organizationId, id), if: { version } },
  removeLiveSync(organizationId, id),
  { delete: connectionKey(organizationId, id, 'CREDENTIALS') },
  { delete: connectionKey(organizationId, id, 'STATE') },
  { delete: connectionsKey(organizationId, id) },
  { delete: nameKey(organizationId, 'connection', name) },
  { update: countKey(organizationId, 'connections'), add: { count: -1 }, if: { pk: present } },
];

export const deletionRefused = ({ failed }: ConditionFailed) => {
  if (failed.has(0) && !failed.get(0)) return notFound('connection');
  return failed.has(0)
    ? new Failure('version_conflict', 'The connection has just been changed by another request.')
    : new Failure('conflict', 'A job uses the connection. Wait for its end, then delete it.', {
        retryAfterSeconds: 10,
      });
};
