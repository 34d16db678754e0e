import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { shown } from '#src/domain/connections/connection.ts';
import { sealCredentials } from '#src/domain/connections/connection-credentials.ts';
import {
  creationRefused,
  creationWrites,
  newConnection,
  newConnectionId,
} from '#src/domain/connections/create-connection.ts';
import { readOrganization } from '#src/domain/organizations/organization-repository.ts';
import { lambda } from '#src/lambda/http.ts';
import { seal } from '#src/lambda/vault.ts';
import { ConditionFailed } from '#src/table/table.ts';

export const createConnection = endpoint(
  routes.createConnection,
  async ({ body, caller: { organizationId }, commit }, { table, clock, vault }) => {
    const now = clock.now();
    const place = { organizationId, connectionId: newConnectionId(now) };
    const [organization, source, destination] = await Promise.all([
      readOrganization(table, organizationId),
      sealCredentials(vault, place, body.source.credentials),
      sealCredentials(vault, place, body.destination.credentials),
    ]);
    const connection = newConnection(place.connectionId, body, now);
    const maxConnections = organization.limits.max_connections;
    try {
      await commit({
        writes: creationWrites(organizationId, connection, {
          sealed: { source, destination },
          maxConnections,
        }),
        action: 'connection.create',
        resource: { type: 'connection', id: connection.id },
        reply: shown(connection),
        after: connection,
      });
    } catch (error) {
      throw error instanceof ConditionFailed ? creationRefused(error, connection.name) : error;
    }
    return shown(connection);
  },
);

export const handler = lambda(createConnection, { seal });
