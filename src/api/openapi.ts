import * as z from 'zod';
import {
  type CreateDocumentOptions,
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { eventTypes, payloadOf } from '#src/domain/events/event.ts';
import type { FailureCode } from '#src/domain/failure.ts';
import { ErrorBody, errors } from './errors.ts';
import { resourceOf } from './naming.ts';
import {
  conditionHeaders,
  idempotencyHeaders,
  pathParams,
  queryParams,
  responseHeaders,
} from './parameters.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';

const description =
  'Trigger syncs, watch jobs and subscribe to events. Every mutation by POST takes an `Idempotency-Key`; ' +
  'lists are paged by an opaque `cursor`; times are RFC 3339 in UTC; unknown fields of an answer are to be ignored.';

/** The published contract: OpenAPI 3.1, derived wholly from the route table and the events. */
export const openapi = () => {
  const paths: ZodOpenApiPathsObject = {};
  for (const [name, route] of Object.entries<Route>(routes)) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(name, route) };
  }
  return createDocument(
    {
      openapi: '3.1.1',
      info: { title: 'Planasonix Orchestration API', version: '1', description },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An API key, `plnx_live_…`' },
          apiKey: {
            type: 'apiKey',
            in: 'header',
            name: 'X-Planasonix-Api-Key',
            description: 'The legacy header',
          },
        },
      },
      paths,
      webhooks: Object.fromEntries(eventTypes.map((type) => [type, { post: webhook(type) }])),
    },
    { override: readable },
  );
};

/** Answers may gain fields later, and a `format` says more than zod's regular expression for it. */
const readable: NonNullable<CreateDocumentOptions['override']> = ({ jsonSchema, io }) => {
  if (io === 'output') delete jsonSchema.additionalProperties;
  if (jsonSchema.format) delete jsonSchema.pattern;
};

const operation = (name: string, route: Route): ZodOpenApiOperationObject => ({
  operationId: name,
  summary: route.summary,
  ...(Array.isArray(route.scope) && { description: `Scope: ${route.scope.join(' or ')}.` }),
  tags: [resourceOf(route)],
  security: route.scope === 'public' ? [] : [{ bearer: [] }, { apiKey: [] }],
  requestParams: {
    path: pathParams(route),
    query: queryParams(route),
    header: z.object({ ...(route.method === 'POST' && idempotencyHeaders), ...conditionHeaders(route) }),
  },
  ...(route.body && {
    requestBody: {
      required: !route.body.safeParse({}).success,
      content: { 'application/json': { schema: route.body } },
    },
  }),
  responses: { ...successResponse(route), ...failureResponses(route) },
});

const envelope = ({ list, document, returns: [, body] }: Route) => {
  const data = body ?? z.null();
  if (document) return data;
  if (!list) return z.object({ data });
  const page = z.object({ limit: z.int(), cursor: z.string().nullable() });
  return z.object({ data: z.array(data), meta: z.object({ page }) });
};

const successResponse = (route: Route): ZodOpenApiResponsesObject => {
  const [status] = route.returns;
  const headers = responseHeaders(route);
  if (status === 204) return { 204: { description: 'Done', headers } };
  const content = { [route.document ?? 'application/json']: { schema: envelope(route) } };
  return { [status]: { description: 'Success', headers, content } };
};

const everywhere: FailureCode[] = ['invalid_request', 'rate_limited', 'internal_error', 'dependency_down'];
const withBody: FailureCode[] = ['payload_too_large', 'unsupported_media_type', 'conflict'];
const withCredential: FailureCode[] = ['unauthorized', 'forbidden', 'insufficient_scope', 'ip_not_allowed'];

const codesOf = (route: Route) =>
  new Set<FailureCode>([
    ...everywhere,
    ...(route.fails ?? []),
    ...(route.list ? (['invalid_cursor'] as const) : []),
    ...(route.body || route.method === 'POST' ? withBody : []),
    ...(route.method === 'POST' ? (['idempotency_key_reused'] as const) : []),
    ...(route.scope === 'public' ? [] : withCredential),
  ]);

const failureHeaders = z.object({
  'X-Request-Id': z.string(),
  'Cache-Control': z.string(),
  'Retry-After': z.string().optional(),
});

const failureResponses = (route: Route): ZodOpenApiResponsesObject => {
  const byStatus = Map.groupBy(codesOf(route), (code) => `${errors[code].status}` as '400');
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map((code) => `\`${code}\`: ${errors[code].meaning}.`).join(' '),
        headers: failureHeaders,
        content: { 'application/json': { schema: ErrorBody } },
      },
    ]),
  );
};

const webhook = (type: (typeof eventTypes)[number]): ZodOpenApiOperationObject => ({
  operationId: `on_${type}`,
  summary: `${type} is sent to the webhooks that ask for it`,
  requestBody: { content: { 'application/json': { schema: payloadOf(type) } } },
  responses: { '2XX': { description: 'Taken; anything else is sent again' } },
});
