import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { readConnection } from '#src/domain/connections/connection-repository.ts';
import { deletionRefused, deletionWrites } from '#src/domain/connections/delete-connection.ts';
import { lambda } from '#src/lambda/http.ts';
import { ConditionFailed } from '#src/table/table.ts';

export const deleteConnection = endpoint(
  routes.deleteConnection,
  async ({ params, caller: { organizationId }, matchVersion, commit }, { table }) => {
    const connection = await readConnection(table, organizationId, params.connectionId);
    matchVersion(connection.version);
    try {
      await commit({
        writes: deletionWrites(organizationId, connection),
        action: 'connection.delete',
        resource: { type: 'connection', id: connection.id },
        reply: null,
        before: connection,
      });
    } catch (error) {
      throw error instanceof ConditionFailed ? deletionRefused(error) : error;
    }
  },
);

export const handler = lambda(deleteConnection);
