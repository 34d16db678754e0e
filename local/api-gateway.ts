import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type GatewayApi, type GatewayOperation, readGatewayApi } from '#local/gateway-api.ts';
import { authorize } from '#local/gateway-authorizer.ts';
import { type GatewayRequest, headerOf, headersOf, isBinary, proxyEvent } from '#local/gateway-event.ts';
import { httpReply } from '#local/gateway-reply.ts';
import { gatewayResponse, type HttpReply, type Refusal } from '#local/gateway-response.ts';
import type { Invoke } from '#local/invocation.ts';
import { type LoopbackServer, loopbackServer, readBody } from '#local/loopback-server.ts';

export type ApiGatewayOptions = {
  /** The `Body` of the SpecRestApi with all references resolved. */
  body: unknown;
  stage: string;
  invoke: Invoke;
};

const bodyLimitBytes = 10 * 1024 * 1024;

/**
 * Resources are stored without the stage, as on AWS: with stage `api`, `/api/v1/jobs` is what execute-api shows of
 * `/v1/jobs`, and `/v1/jobs` is what a domain with an empty base path shows of it.
 */
const withoutStage = (fullPath: string, stage: string) => {
  if (fullPath !== `/${stage}` && !fullPath.startsWith(`/${stage}/`)) return fullPath;
  return fullPath.slice(stage.length + 1) || '/';
};

const readRequest = (incoming: IncomingMessage, stage: string): GatewayRequest => {
  const [fullPath = '/', ...query] = (incoming.url ?? '/').split('?');
  return {
    method: incoming.method ?? 'GET',
    path: withoutStage(fullPath, stage),
    fullPath,
    query: new URLSearchParams(query.join('?')),
    headers: headersOf(incoming),
    body: Buffer.alloc(0),
    sourceIp: incoming.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '',
    requestId: randomUUID(),
    receivedAt: Date.now(),
  };
};

const isDecodable = (path: string) => {
  try {
    return decodeURIComponent(path) !== '';
  } catch {
    return false;
  }
};

const methodArnOf = ({ functionArn }: GatewayOperation, { method, path }: GatewayRequest, stage: string) => {
  const [, partition, , region, account] = functionArn.split(':');
  return `arn:${partition}:execute-api:${region}:${account}:local/${stage}/${method}${path}`;
};

const within = async <Value>(limitMs: number, work: Promise<Value>): Promise<Value | 'late'> => {
  const { promise, resolve } = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => resolve('late'), limitMs);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
};

type Gateway = { api: GatewayApi; stage: string; invoke: Invoke };

const integrate = async (
  { api, invoke }: Gateway,
  { functionArn, roleArn, timeoutMs }: GatewayOperation,
  request: GatewayRequest,
  event: unknown,
): Promise<HttpReply | Refusal> => {
  const result = await within(
    timeoutMs,
    invoke(functionArn, event, roleArn).catch(() => 'refused' as const),
  );
  if (result === 'late') return { type: 'INTEGRATION_TIMEOUT' };
  if (result === 'refused') return { type: 'INTEGRATION_FAILURE' };
  const acceptsBinary = isBinary(headerOf(request, 'accept')?.split(',')[0], api.binaryMediaTypes);
  const reply = result.functionError ? undefined : httpReply(result.payload, acceptsBinary);
  return reply ?? { type: 'MALFORMED_REPLY' };
};

const answer = async (gateway: Gateway, request: GatewayRequest): Promise<HttpReply | Refusal> => {
  const { api, stage, invoke } = gateway;
  if (!isDecodable(request.path)) return { type: 'BAD_REQUEST' };
  const found = api.find(request.method, request.path);
  if (!found) return { type: 'MISSING_AUTHENTICATION_TOKEN' };
  const { resource, operation, pathParameters } = found;
  const match = { resourcePath: resource.path, pathParameters, stage };
  const event = proxyEvent(request, match, api.binaryMediaTypes);
  if (operation.authorizer) {
    const methodArn = methodArnOf(operation, request, stage);
    const authorization = await authorize(operation.authorizer, { request, event, methodArn, invoke });
    if ('refusal' in authorization) return authorization.refusal;
    event.requestContext.authorizer = { ...authorization.context, integrationLatency: 0 };
  }
  return integrate(gateway, operation, request, event);
};

const write = (response: ServerResponse, requestId: string, { status, headers, body }: HttpReply) => {
  for (const [name, value] of headers) response.setHeader(name, value);
  response.setHeader('x-amzn-RequestId', requestId);
  response.statusCode = status;
  response.end(body);
};

/** The REST API of the template on 127.0.0.1: routing, authorizer, limits, and every refusal as AWS words it. */
export const createApiGateway = ({ body, stage, invoke }: ApiGatewayOptions): LoopbackServer => {
  const gateway: Gateway = { api: readGatewayApi(body), stage, invoke };
  return loopbackServer(async (incoming, response) => {
    const request = readRequest(incoming, stage);
    const content = await readBody(incoming, bodyLimitBytes).catch(() => undefined);
    if (content === undefined) return; // the client is gone
    const result: HttpReply | Refusal = content
      ? await answer(gateway, { ...request, body: content })
      : { type: 'REQUEST_TOO_LARGE' };
    const reply = 'type' in result ? gatewayResponse(gateway.api.responses, request, result, stage) : result;
    write(response, request.requestId, reply);
  });
};
