import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { shown } from '#src/domain/connections/connection.ts';
import { listConnections as pageOfConnections } from '#src/domain/connections/list-connections.ts';
import { lambda } from '#src/lambda/http.ts';

export const listConnections = endpoint(
  routes.listConnections,
  async ({ query, page, caller }, { table }) => {
    const found = await pageOfConnections(table, caller.organizationId, { filters: query, page });
    return { items: found.items.map(shown), next: found.next };
  },
);

export const handler = lambda(listConnections);
