import * as z from 'zod';
import { idSchema } from '#src/domain/ids.ts';
import { idKindOf, paramsOf } from './naming.ts';
import type { Route } from './route.ts';

/** What every list takes besides its filters. */
export const Paging = z.object({
  limit: z
    .string()
    .regex(/^([1-9]\d?|100)$/, 'must be a whole number from 1 to 100')
    .transform(Number)
    .optional()
    .meta({ description: '1 to 100, 50 unless given' }),
  cursor: z.string().min(1).max(2048).optional().meta({ description: 'The cursor of the page before' }),
});

export const pathParams = ({ path }: Route) =>
  z.object(Object.fromEntries(paramsOf(path).map((name) => [name, idSchema(idKindOf(name))])));

export const queryParams = ({ query, list }: Route) =>
  z.object({ ...query?.shape, ...(list && Paging.shape) });

export const idempotencyHeaders = {
  'Idempotency-Key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/)
    .optional()
    .meta({ description: 'The same key and request answer the first result again, for 24 hours' }),
};

const isVersioned = ({ method }: Route) => method === 'PUT' || method === 'PATCH' || method === 'DELETE';

export const conditionHeaders = (route: Route) =>
  isVersioned(route)
    ? {
        'If-Match': z
          .string()
          .optional()
          .meta({ description: 'The ETag of the version that is to be changed' }),
      }
    : {};

/** What a success may carry. */
export const responseHeaders = (route: Route) =>
  z.object({
    'X-Request-Id': z.string(),
    'Cache-Control': z.string(),
    ...(!route.list && {
      ETag: z.string().optional().meta({ description: 'The version, where it has one' }),
    }),
    ...(route.method === 'POST' && {
      'Idempotent-Replayed': z
        .literal('true')
        .optional()
        .meta({ description: 'This is a first answer, again' }),
    }),
    ...(route.query && 'wait' in route.query.shape && { 'Retry-After': z.string().optional() }),
  });
