import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { shown } from '#src/domain/connections/connection.ts';
import { readConnection } from '#src/domain/connections/connection-repository.ts';
import { lambda } from '#src/lambda/http.ts';

export const getConnection = endpoint(routes.getConnection, async ({ params, caller }, { table }) =>
  shown(await readConnection(table, caller.organizationId, params.connectionId)),
);

export const handler = lambda(getConnection);
