import * as z from 'zod';
import { Whoami } from '#src/domain/api-keys/whoami.ts';
import type { Route } from '../route.ts';

const Health = z.object({ status: z.literal('ok'), version: z.string() }).meta({ id: 'Health' });

/** What the service says of itself. */
export const serviceRoutes = {
  getHealth: {
    method: 'GET',
    path: '/api/v1/health',
    summary: 'Is the service there, and in which version',
    scope: 'public',
    returns: [200, Health],
  },
  getWhoami: {
    method: 'GET',
    path: '/api/v1/whoami',
    summary: 'The credential of this request, its organization and limits',
    scope: 'any',
    returns: [200, Whoami],
  },
  getOpenapi: {
    method: 'GET',
    path: '/api/v1/openapi.yaml',
    summary: 'Get this document',
    scope: 'public',
    returns: [200, z.record(z.string(), z.unknown())],
    document: 'application/yaml',
  },
} as const satisfies Record<string, Route>;
