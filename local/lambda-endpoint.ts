import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '#local/aws-error.ts';
import type { Invoke } from '#local/invocation.ts';
import { type LoopbackServer, loopbackServer, readBody } from '#local/loopback-server.ts';

type Answer = { status: number; headers?: Record<string, string>; body?: unknown };

const invocationPath = /^\/2015-03-31\/functions\/([^/]+)\/invocations(?:\?|$)/;

const parsePayload = (body: Buffer | null): unknown => {
  if (!body?.length) return {};
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json');
  }
};

const answerTo = async (request: IncomingMessage, invoke: Invoke): Promise<Answer> => {
  const functionName = invocationPath.exec(request.url ?? '')?.[1];
  if (request.method !== 'POST' || !functionName) {
    throw new AwsError('UnknownOperationException', `No operation at ${request.method} ${request.url}`, 404);
  }
  const payload = parsePayload(await readBody(request));
  const running = invoke(decodeURIComponent(functionName), payload);
  if (request.headers['x-amz-invocation-type'] === 'Event') {
    await Promise.race([running, Promise.resolve()]); // an unknown function is still refused
    running.catch(() => {});
    return { status: 202 };
  }
  const { payload: body, functionError } = await running;
  const headers = functionError ? { 'x-amz-function-error': functionError } : {};
  return { status: 200, headers: { 'x-amz-executed-version': '$LATEST', ...headers }, body };
};

const refusal = (error: unknown): Answer => {
  const { name, message, status } =
    error instanceof AwsError ? error : new AwsError('ServiceException', String(error), 500);
  return { status, headers: { 'x-amzn-errortype': name }, body: { Type: 'User', Message: message, message } };
};

const write = (response: ServerResponse, { status, headers, body }: Answer) => {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-amzn-requestid': randomUUID(),
    ...headers,
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
};

/** Lambda's Invoke on the wire, so that functions keep @aws-sdk/client-lambda. */
export const lambdaEndpoint = (invoke: Invoke): LoopbackServer =>
  loopbackServer(async (request, response) => {
    write(response, await answerTo(request, invoke).catch(refusal));
  });
