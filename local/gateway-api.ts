import findMyWay from 'find-my-way';
import * as z from 'zod';

const Integration = z.object({
  type: z.string().toLowerCase().pipe(z.literal('aws_proxy')),
  uri: z.string(),
  credentials: z.string().optional(),
  timeoutInMillis: z.number().max(29_000).default(29_000),
});

const Operation = z.object({
  security: z.array(z.record(z.string(), z.unknown())).default([]),
  'x-amazon-apigateway-integration': Integration,
});

const Authorizer = z.object({
  type: z.literal('request'),
  authorizerUri: z.string(),
  authorizerCredentials: z.string().optional(),
  identitySource: z.string().default(''),
  /** The local gateway has no authorizer cache; absent would mean 300 s. */
  authorizerResultTtlInSeconds: z.literal(0),
});

const GatewayResponse = z.object({
  statusCode: z.coerce.number().int().optional(),
  responseParameters: z.record(z.string(), z.string()).default({}),
  responseTemplates: z.record(z.string(), z.string()).default({}),
});

const Body = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z
    .object({
      securitySchemes: z
        .record(z.string(), z.object({ 'x-amazon-apigateway-authorizer': Authorizer.optional() }))
        .default({}),
    })
    .default({ securitySchemes: {} }),
  'x-amazon-apigateway-gateway-responses': z.record(z.string(), GatewayResponse).default({}),
  'x-amazon-apigateway-binary-media-types': z.array(z.string()).default([]),
});

export type GatewayResponses = Record<string, z.infer<typeof GatewayResponse>>;
export type GatewayAuthorizer = { functionArn: string; roleArn?: string | undefined; identitySource: string };
export type GatewayOperation = {
  functionArn: string;
  roleArn?: string | undefined;
  timeoutMs: number;
  authorizer?: GatewayAuthorizer | undefined;
};
export type Resource = { path: string; operations: Record<string, GatewayOperation> };

const anyMethod = 'x-amazon-apigateway-any-method';
const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', anyMethod];

const functionArnIn = (uri: string) => {
  const arn = /\/functions\/(.+)\/invocations$/.exec(uri)?.[1];
  if (!arn) throw new Error(`The local gateway knows only Lambda integrations, not ${uri}`);
  return arn;
};

const authorizersIn = (body: z.infer<typeof Body>) => {
  const schemes = Object.entries(body.components.securitySchemes);
  return new Map(
    schemes.flatMap(([name, { 'x-amazon-apigateway-authorizer': spec }]) =>
      spec
        ? [
            [
              name,
              {
                ...spec,
                functionArn: functionArnIn(spec.authorizerUri),
                roleArn: spec.authorizerCredentials,
              },
            ],
          ]
        : [],
    ),
  );
};

const resourceOf = (
  path: string,
  item: Record<string, unknown>,
  authorizers: Map<string, GatewayAuthorizer>,
): Resource => {
  const present = methods.filter((method) => method in item);
  const operations = present.map((method) => {
    const { security, 'x-amazon-apigateway-integration': integration } = Operation.parse(item[method]);
    const scheme = security.flatMap(Object.keys).find((name) => authorizers.has(name));
    const operation: GatewayOperation = {
      functionArn: functionArnIn(integration.uri),
      roleArn: integration.credentials,
      timeoutMs: integration.timeoutInMillis,
      authorizer: authorizers.get(scheme ?? ''),
    };
    return [method === anyMethod ? 'ANY' : method.toUpperCase(), operation];
  });
  return { path, operations: Object.fromEntries(operations) };
};

/** Reads the `Body` of a SpecRestApi, with all references resolved, into what the gateway needs. */
export const readGatewayApi = (openapi: unknown) => {
  const body = Body.parse(openapi);
  const authorizers = authorizersIn(body);
  const router = findMyWay({ maxParamLength: 10_000 });
  for (const [path, item] of Object.entries(body.paths)) {
    const pattern = path.replace(/\{proxy\+\}/, '*').replace(/\{([^}]+)\}/g, ':$1');
    // All under one method: API Gateway picks the resource first, static segments before parameters, then the method.
    router.on('GET', pattern, () => {}, resourceOf(path, item, authorizers));
  }
  return {
    responses: body['x-amazon-apigateway-gateway-responses'] as GatewayResponses,
    binaryMediaTypes: body['x-amazon-apigateway-binary-media-types'],
    find: (method: string, path: string) => {
      const found = router.find('GET', path);
      const resource = found?.store as Resource | undefined;
      const operation = resource?.operations[method] ?? resource?.operations.ANY;
      const { '*': proxy, ...params } = found?.params ?? {};
      if (!resource || !operation || proxy === '') return undefined; // {proxy+} takes at least one character
      const pathParameters = { ...params, ...(proxy !== undefined && { proxy }) } as Record<string, string>;
      return { resource, operation, pathParameters };
    },
  };
};

export type GatewayApi = ReturnType<typeof readGatewayApi>;
