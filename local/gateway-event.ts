import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEvent } from 'aws-lambda';

/** One request as the gateway took it in. */
export type GatewayRequest = {
  method: string;
  /** The resource's path: without the stage. */
  path: string;
  /** As it was asked for, with the stage where that was in it. */
  fullPath: string;
  query: URLSearchParams;
  headers: Map<string, string[]>;
  body: Buffer;
  sourceIp: string;
  requestId: string;
  receivedAt: number;
};

export type Match = { resourcePath: string; pathParameters: Record<string, string>; stage: string };

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** Headers as the client wrote them, one entry for each spelling-insensitive name. */
export const headersOf = ({ rawHeaders }: IncomingMessage): Map<string, string[]> => {
  const names = new Map<string, string>();
  const headers = new Map<string, string[]>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [written = '', value = ''] = rawHeaders.slice(index, index + 2);
    const lower = written.toLowerCase();
    if (hopByHop.has(lower)) continue;
    const name = names.get(lower) ?? written;
    names.set(lower, name);
    headers.set(name, [...(headers.get(name) ?? []), value]);
  }
  return headers;
};

export const headerOf = ({ headers }: GatewayRequest, name: string) => {
  const found = [...headers].find(([written]) => written.toLowerCase() === name.toLowerCase());
  return found?.[1].at(-1);
};

const queryOf = (query: URLSearchParams) => {
  const values = new Map<string, string[]>();
  for (const [name, value] of query) values.set(name, [...(values.get(name) ?? []), value]);
  return values;
};

const multiple = (values: Map<string, string[]>) => Object.fromEntries(values);
const last = (values: Map<string, string[]>) =>
  Object.fromEntries([...values].map(([name, each]) => [name, each.at(-1) ?? '']));
const orNull = <Fields extends object>(fields: Fields) => (Object.keys(fields).length > 0 ? fields : null);

export const isBinary = (mediaType: string | undefined, binaryMediaTypes: readonly string[]) => {
  const essence = (mediaType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const [type = ''] = essence.split('/');
  return binaryMediaTypes.some((binary) => binary === '*/*' || binary === essence || binary === `${type}/*`);
};

const bodyOf = (request: GatewayRequest, binaryMediaTypes: readonly string[]) => {
  if (request.body.length === 0) return { body: null, isBase64Encoded: false };
  const isBase64Encoded = isBinary(headerOf(request, 'content-type'), binaryMediaTypes);
  return { body: request.body.toString(isBase64Encoded ? 'base64' : 'utf8'), isBase64Encoded };
};

const forwarded = ({ headers, sourceIp, ...request }: GatewayRequest) => {
  const before = headerOf({ headers, sourceIp, ...request }, 'x-forwarded-for');
  const kept = [...headers].filter(([name]) => !/^x-forwarded-(for|port|proto)$/i.test(name));
  return new Map([
    ...kept,
    ['X-Forwarded-For', [before ? `${before}, ${sourceIp}` : sourceIp]],
    ['X-Forwarded-Proto', ['http']],
  ] as [string, string[]][]);
};

/** Absent from the account too: no IAM, Cognito, API key or client certificate is in play. */
const noIdentity = {
  accessKey: null,
  accountId: null,
  apiKey: null,
  apiKeyId: null,
  caller: null,
  clientCert: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  user: null,
  userArn: null,
};

/** The REST API's event for a Lambda proxy integration. */
export const proxyEvent = (
  request: GatewayRequest,
  { resourcePath, pathParameters, stage }: Match,
  binaryMediaTypes: readonly string[],
): APIGatewayProxyEvent => {
  const headers = forwarded(request);
  const query = queryOf(request.query);
  return {
    resource: resourcePath,
    path: request.path,
    httpMethod: request.method,
    headers: last(headers),
    multiValueHeaders: multiple(headers),
    queryStringParameters: orNull(last(query)),
    multiValueQueryStringParameters: orNull(multiple(query)),
    pathParameters: orNull(pathParameters),
    stageVariables: null,
    ...bodyOf(request, binaryMediaTypes),
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      authorizer: null,
      domainName: headerOf(request, 'host') ?? '',
      domainPrefix: 'local',
      extendedRequestId: request.requestId,
      httpMethod: request.method,
      identity: {
        ...noIdentity,
        sourceIp: request.sourceIp,
        userAgent: headerOf(request, 'user-agent') ?? null,
      },
      path: request.fullPath,
      protocol: 'HTTP/1.1',
      requestId: request.requestId,
      requestTimeEpoch: request.receivedAt,
      resourceId: 'local',
      resourcePath,
      stage,
    },
  };
};
