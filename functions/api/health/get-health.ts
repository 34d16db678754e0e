import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { env } from '#src/lambda/env.ts';
import { lambda } from '#src/lambda/http.ts';

export const getHealth = endpoint(routes.getHealth, async () => ({
  status: 'ok' as const,
  version: env('DEPLOYMENT_VERSION'),
}));

export const handler = lambda(getHealth);
