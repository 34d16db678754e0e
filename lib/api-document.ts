import { paramsOf } from '#src/api/naming.ts';
import type { Route } from '#src/api/route.ts';
import { type RouteName, routes } from '#src/api/routes.ts';
import { gatewayResponses } from './gateway-responses.ts';

export type Integrations = {
  /** The integration URI of each row's Lambda. */
  route(name: RouteName): string;
  unknown: string;
  authorizer: string;
  /** The one role with which the gateway invokes. */
  roleArn: string;
  title: string;
};

const integration = (uri: string, credentials: string) => ({
  'x-amazon-apigateway-integration': {
    type: 'aws_proxy',
    httpMethod: 'POST',
    uri,
    credentials,
    passthroughBehavior: 'when_no_match',
  },
});

const parameters = (path: string) =>
  paramsOf(path).map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));

/** The stage is named `api`, so a resource's path begins behind that. */
const resourcePath = (path: string) => path.replace(/^\/api(?=\/)/, '');

/** What API Gateway is given: paths and their Lambdas, out of the route table; the contract's OpenAPI is another document. */
export const apiDocument = ({ route, unknown, authorizer, roleArn, title }: Integrations) => {
  const open = { responses: { default: { description: 'See openapi.yaml' } } };
  const refused = { ...open, security: [], ...integration(unknown, roleArn) };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, row] of Object.entries<Route>(routes) as [RouteName, Route][]) {
    const path = resourcePath(row.path);
    const operation = {
      ...open,
      operationId: name,
      security: row.scope === 'public' ? [] : [{ credential: [] }],
      ...integration(route(name), roleArn),
    };
    paths[path] = {
      parameters: parameters(row.path),
      'x-amazon-apigateway-any-method': refused,
      ...paths[path],
      [row.method.toLowerCase()]: operation,
    };
  }
  const proxy = { name: 'proxy', in: 'path', required: true, schema: { type: 'string' } };
  paths['/{proxy+}'] = { parameters: [proxy], 'x-amazon-apigateway-any-method': refused };
  paths['/'] = { 'x-amazon-apigateway-any-method': refused };
  return {
    openapi: '3.0.1',
    info: { title, version: '1' },
    paths,
    components: { securitySchemes: { credential: scheme(authorizer, roleArn) } },
    'x-amazon-apigateway-gateway-responses': gatewayResponses,
  };
};

/** No cache and no identity source: two headers are accepted, and a revoked key is dead on the next request. */
const scheme = (authorizerUri: string, authorizerCredentials: string) => ({
  type: 'apiKey',
  name: 'Authorization',
  in: 'header',
  'x-amazon-apigateway-authtype': 'custom',
  'x-amazon-apigateway-authorizer': {
    type: 'request',
    authorizerUri,
    authorizerCredentials,
    authorizerResultTtlInSeconds: 0,
  },
});
