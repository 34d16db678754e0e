import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import type { Endpoint } from '#src/api/endpoint.ts';
import type { Route } from '#src/api/route.ts';
import { handlerOf } from '#src/lambda/http.ts';
import { expectPublished } from './published.ts';
import type { TestServices } from './services.ts';

export type Call = {
  /** The caller's organization; without it the request has no authorizer context. */
  organizationId?: string;
  scopes?: readonly string[];
  params?: Record<string, string>;
  query?: Record<string, string | string[]>;
  headers?: Record<string, string | string[]>;
  body?: unknown;
  /** The body as it is sent, in place of `body`. */
  rawBody?: string;
  event?: Partial<APIGatewayProxyEvent>;
};

export type Answer = {
  status: number;
  headers: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever it expects
  body: any;
};

const many = (all: Record<string, string | string[]>) =>
  Object.fromEntries(Object.entries(all).map(([name, values]) => [name, [values].flat()]));

const authorizerOf = ({ organizationId, scopes = ['admin:organization'] }: Call) =>
  organizationId && {
    organization_id: organizationId,
    credential_id: 'key_01jq8k2m3n4p5q6r7s8t9v0w1x',
    credential_type: 'api_key',
    credential_name: 'test',
    scopes: scopes.join(' '),
  };

export const eventOf = (route: Route, call: Call) =>
  ({
    httpMethod: route.method,
    path: route.path,
    pathParameters: call.params ?? null,
    multiValueQueryStringParameters: call.query ? many(call.query) : null,
    multiValueHeaders: many(call.headers ?? {}),
    headers: {},
    body: call.rawBody ?? (call.body === undefined ? null : JSON.stringify(call.body)),
    isBase64Encoded: false,
    requestContext: {
      requestId: 'req_1',
      identity: { sourceIp: '203.0.113.7' },
      authorizer: authorizerOf(call),
    },
    ...call.event,
  }) as unknown as APIGatewayProxyEvent;

/** Sends one request through the whole stack of an endpoint; every answer must be as the OpenAPI document says (A12). */
export const call = async <R extends Route>(
  endpoint: Endpoint<R>,
  services: TestServices,
  request: Call = {},
): Promise<Answer> => {
  // biome-ignore lint/suspicious/noExplicitAny: the doubles hold every service that a row may name
  const handler = handlerOf(endpoint, () => services as any);
  const { statusCode, headers, body } = await handler(eventOf(endpoint.route, request), {} as Context);
  const answer: Answer = {
    status: statusCode,
    headers: Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)])),
    body: body === '' ? undefined : JSON.parse(body),
  };
  expectPublished(endpoint.route, answer);
  return answer;
};
