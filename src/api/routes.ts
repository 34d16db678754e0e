import { connectionRoutes } from './routes/connections.ts';
import { jobRoutes } from './routes/jobs.ts';
import { serviceRoutes } from './routes/service.ts';
import { webhookRoutes } from './routes/webhooks.ts';

/**
 * Every endpoint, one row each. The key is the operationId, the name of its Lambda and, in kebab-case, of its file in
 * functions/api/. CDK, the handlers, OpenAPI and the local server read this table; nothing is said anywhere else.
 */
export const routes = { ...serviceRoutes, ...connectionRoutes, ...jobRoutes, ...webhookRoutes };

export type RouteName = keyof typeof routes;
