import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { readConnection } from '#src/domain/connections/connection-repository.ts';
import { lambda } from '#src/lambda/http.ts';
import { inspect } from '#src/lambda/inspector.ts';

export const testConnection = endpoint(
  routes.testConnection,
  async ({ params, caller: { organizationId } }, { table, inspector }) => {
    await readConnection(table, organizationId, params.connectionId);
    const checks = await inspector.check(organizationId, params.connectionId);
    return { ok: checks.every(({ ok }) => ok), checks };
  },
);

export const handler = lambda(testConnection, { inspect });
