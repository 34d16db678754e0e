import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { readConnection } from '#src/domain/connections/connection-repository.ts';
import { pageOfTables } from '#src/domain/connections/source-tables.ts';
import { lambda } from '#src/lambda/http.ts';
import { inspect } from '#src/lambda/inspector.ts';

export const listConnectionTables = endpoint(
  routes.listConnectionTables,
  async ({ params, page, caller: { organizationId } }, { table, inspector }) => {
    await readConnection(table, organizationId, params.connectionId);
    return pageOfTables(await inspector.discover(organizationId, params.connectionId), page);
  },
);

export const handler = lambda(listConnectionTables, { inspect });
