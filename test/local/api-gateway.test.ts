import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApiGateway } from '#local/api-gateway.ts';
import { AwsError } from '#local/aws-error.ts';
import type { Invocation } from '#local/invocation.ts';

const roleArn = 'arn:aws:iam::000000000000:role/gateway';
const arn = (name: string) => `arn:aws:lambda:eu-west-1:000000000000:function:${name}`;
const uri = (name: string) =>
  `arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${arn(name)}/invocations`;
const operation = (name: string, more = {}) => ({
  'x-amazon-apigateway-integration': {
    type: 'aws_proxy',
    httpMethod: 'POST',
    uri: uri(name),
    credentials: roleArn,
    ...more,
  },
});
const secured = (name: string) => ({ ...operation(name), security: [{ key: [] }] });
const any = 'x-amazon-apigateway-any-method';
const error = (code: string) =>
  `{"error":{"code":"${code}","message":$context.error.messageString,"request_id":"$context.requestId"}}`;
const answers = (code: string, statusCode: number, more = {}) => ({
  statusCode,
  responseTemplates: { 'application/json': error(code) },
  responseParameters: { 'gatewayresponse.header.X-Request-Id': 'context.requestId', ...more },
});

const api = {
  openapi: '3.0.1',
  paths: {
    '/v1/jobs': {
      get: secured('list-jobs'),
      post: operation('create-job'),
      [any]: operation('unknown-route'),
    },
    '/v1/jobs/{jobId}': { get: operation('get-job') },
    '/v1/jobs/batch': { post: operation('batch') },
    '/v1/slow': { get: operation('slow', { timeoutInMillis: 100 }) },
    '/v1/files/{proxy+}': { get: operation('files') },
  },
  components: {
    securitySchemes: {
      key: {
        type: 'apiKey',
        name: 'Authorization',
        in: 'header',
        'x-amazon-apigateway-authtype': 'custom',
        'x-amazon-apigateway-authorizer': {
          type: 'request',
          authorizerUri: uri('authorize'),
          authorizerCredentials: roleArn,
          authorizerResultTtlInSeconds: 0,
        },
      },
    },
  },
  'x-amazon-apigateway-binary-media-types': ['application/octet-stream'],
  'x-amazon-apigateway-gateway-responses': {
    MISSING_AUTHENTICATION_TOKEN: answers('not_found', 404),
    UNAUTHORIZED: answers('unauthorized', 401),
    ACCESS_DENIED: {
      statusCode: 403,
      responseTemplates: {
        'application/json': '{"code":"$context.authorizer.code","from":"$context.identity.sourceIp"}',
      },
    },
    AUTHORIZER_FAILURE: answers('dependency_down', 503, { 'gatewayresponse.header.Retry-After': "'5'" }),
    REQUEST_TOO_LARGE: answers('payload_too_large', 413),
    DEFAULT_5XX: { responseTemplates: { 'application/json': error('internal_error') } },
  },
};

type Reply = Invocation | Promise<Invocation>;
const calls: {
  name: string;
  event: APIGatewayProxyEvent & { methodArn?: string; type?: string };
  roleArn?: string | undefined;
}[] = [];
const replies = new Map<string, () => Reply>();
const ok = (more = {}): Invocation => ({ payload: { statusCode: 200, body: '{}', ...more } });
const failure = (errorMessage: string): Invocation => ({
  payload: { errorType: 'Error', errorMessage },
  functionError: 'Unhandled',
});
const policy = (Effect: string, Resource: string, context = {}): Invocation => ({
  payload: {
    principalId: 'key_1',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect, Action: 'execute-api:Invoke', Resource }],
    },
    context,
  },
});

const gateway = createApiGateway({
  body: api,
  stage: 'api',
  invoke: async (functionName, event, role) => {
    const name = functionName.split(':').at(-1) ?? '';
    calls.push({ name, event: event as APIGatewayProxyEvent, roleArn: role });
    return (replies.get(name) ?? ok)();
  },
});

let url: string;
beforeAll(async () => {
  url = await gateway.listen(0);
});
afterAll(() => gateway.close());
beforeEach(() => {
  calls.length = 0;
  replies.clear();
});

/** Unlike fetch it sends paths, headers and the source address as they are. */
const send = (
  method: string,
  path: string,
  {
    headers = {},
    body = '',
    localAddress = '127.0.0.1',
  }: { headers?: OutgoingHttpHeaders; body?: string | Buffer; localAddress?: string } = {},
) =>
  new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>(
    (resolve, reject) => {
      const request = httpRequest(url, { method, path, headers, localAddress }, async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
      request.on('error', reject).end(body);
    },
  );
const json = ({ body }: { body: Buffer }) => JSON.parse(body.toString());

describe('routing', () => {
  it.each([
    ['GET', '/api/v1/jobs/job_1', 'get-job', '/v1/jobs/{jobId}', { jobId: 'job_1' }],
    ['GET', '/v1/jobs/job_1', 'get-job', '/v1/jobs/{jobId}', { jobId: 'job_1' }],
    ['POST', '/api/v1/jobs/batch', 'batch', '/v1/jobs/batch', null],
    ['PATCH', '/api/v1/jobs', 'unknown-route', '/v1/jobs', null],
    ['OPTIONS', '/api/v1/jobs', 'unknown-route', '/v1/jobs', null],
    ['HEAD', '/api/v1/jobs', 'unknown-route', '/v1/jobs', null],
    ['GET', '/api/v1/files/a/b%20c', 'files', '/v1/files/{proxy+}', { proxy: 'a/b c' }],
    ['GET', '/api/v1/jobs/a%2Fb', 'get-job', '/v1/jobs/{jobId}', { jobId: 'a/b' }],
  ])('A10 %s %s goes to %s', async (method, path, name, resource, pathParameters) => {
    const reply = await send(method, path);

    expect(reply.status).toBe(200);
    expect(calls.map(({ name }) => name)).toEqual([name]);
    expect(calls[0]).toMatchObject({ roleArn, event: { resource, pathParameters, httpMethod: method } });
  });

  it.each([
    ['GET', '/api/v1/nothing'],
    ['GET', '/api/v1/jobs/batch'],
    ['GET', '/api/v1/jobs/job_1/'],
    ['DELETE', '/api/v1/jobs/job_1'],
    ['GET', '/api/V1/jobs/job_1'],
    ['GET', '/api/v1/files/'],
    ['GET', '/'],
    ['GET', '/api/api/v1/jobs/job_1'],
  ])('A10 404 in our envelope for %s %s', async (method, path) => {
    const reply = await send(method, path);

    expect(reply.status).toBe(404);
    const requestId = reply.headers['x-request-id'];
    expect(requestId).toBe(reply.headers['x-amzn-requestid']);
    expect(json(reply)).toEqual({
      error: { code: 'not_found', message: 'Missing Authentication Token', request_id: requestId },
    });
    expect(calls).toEqual([]);
  });

  it('400 for a path that cannot be decoded', async () => {
    expect((await send('GET', '/api/v1/jobs/%zz')).status).toBe(400);
  });
});

describe('the event', () => {
  it('A11 carries every value of headers and query, the source address and the stage', async () => {
    await send('POST', '/api/v1/jobs?a=1&a=2&b=%C3%A9+x&__proto__=p', {
      headers: {
        'X-Tag': ['one', 'two'],
        'Content-Type': 'application/json',
        'User-Agent': 'test',
        'X-Forwarded-For': '10.0.0.1',
      },
      body: '{"a":"é"}',
      localAddress: '127.0.0.7',
    });

    const event = calls[0]?.event;
    expect(event).toMatchObject({
      path: '/v1/jobs',
      headers: {
        'X-Tag': 'two',
        'Content-Type': 'application/json',
        'X-Forwarded-For': '10.0.0.1, 127.0.0.7',
      },
      multiValueHeaders: { 'X-Tag': ['one', 'two'] },
      queryStringParameters: { a: '2', b: 'é x' },
      multiValueQueryStringParameters: { a: ['1', '2'], b: ['é x'] },
      stageVariables: null,
      body: '{"a":"é"}',
      isBase64Encoded: false,
      requestContext: {
        stage: 'api',
        path: '/api/v1/jobs',
        resourcePath: '/v1/jobs',
        identity: { sourceIp: '127.0.0.7', userAgent: 'test' },
        authorizer: null,
      },
    });
    expect(Object.keys(event?.queryStringParameters ?? {})).toContain('__proto__');
    expect(event?.headers).not.toHaveProperty('Connection');
  });

  it('A11 is base64 for the binary media types only', async () => {
    const body = Buffer.from([0xff, 0x00]);
    await send('POST', '/v1/jobs', { headers: { 'content-type': 'application/octet-stream' }, body });
    await send('POST', '/v1/jobs', { headers: { 'content-type': 'text/plain' }, body: 'plain' });
    await send('POST', '/v1/jobs');

    expect(calls.map(({ event }) => [event.body, event.isBase64Encoded])).toEqual([
      ['/wA=', true],
      ['plain', false],
      [null, false],
    ]);
  });
});

describe('the authorizer', () => {
  const list = () => send('GET', '/api/v1/jobs?x=1', { headers: { Authorization: 'Bearer key' } });

  it('lets through what its policy allows, and its context reaches the function as strings', async () => {
    replies.set('authorize', () =>
      policy('Allow', 'arn:aws:execute-api:*:*:*/api/GET/*', { organization_id: 'org_1', admin: true, n: 3 }),
    );

    expect((await list()).status).toBe(200);
    expect(calls.map(({ name }) => name)).toEqual(['authorize', 'list-jobs']);
    expect(calls[0]).toMatchObject({
      roleArn,
      event: {
        type: 'REQUEST',
        methodArn: 'arn:aws:execute-api:eu-west-1:000000000000:local/api/GET/v1/jobs',
        headers: { Authorization: 'Bearer key' },
        queryStringParameters: { x: '1' },
        requestContext: { identity: { sourceIp: '127.0.0.1' } },
      },
    });
    expect(calls[0]?.event).not.toHaveProperty('body');
    expect(calls[1]?.event.requestContext.authorizer).toEqual({
      organization_id: 'org_1',
      admin: 'true',
      n: '3',
      principalId: 'key_1',
      integrationLatency: 0,
    });
  });

  it.each([
    ['throws Unauthorized', failure('Unauthorized'), 401, 'unauthorized', undefined],
    ['throws anything else', failure('no table'), 503, 'dependency_down', '5'],
    ['answers no policy', { payload: { principalId: 'x' } }, 500, 'internal_error', undefined],
    [
      'answers an object in its context',
      policy('Allow', '*', { nested: {} }),
      500,
      'internal_error',
      undefined,
    ],
  ])('refuses where it %s', async (_, reply, status, code, retryAfter) => {
    replies.set('authorize', () => reply);

    const answer = await list();

    expect(answer.status).toBe(status);
    expect(json(answer).error.code).toBe(code);
    expect(answer.headers['retry-after']).toBe(retryAfter);
    expect(calls.map(({ name }) => name)).toEqual(['authorize']);
  });

  it.each([
    ['denies', policy('Deny', '*', { code: 'ip_not_allowed' })],
    [
      'allows something else only',
      policy('Allow', 'arn:aws:execute-api:*:*:*/api/POST/*', { code: 'ip_not_allowed' }),
    ],
  ])('403 with its context where its policy %s', async (_, reply) => {
    replies.set('authorize', () => reply);

    const answer = await list();

    expect(answer.status).toBe(403);
    expect(json(answer)).toEqual({ code: 'ip_not_allowed', from: '127.0.0.1' });
  });

  it('503 where it cannot be invoked', async () => {
    replies.set('authorize', () => Promise.reject(new AwsError('AccessDeniedException', 'no', 403)));

    expect((await list()).status).toBe(503);
  });

  it('is refused with a cache, which is not built locally', () => {
    const cached = structuredClone(api);
    cached.components.securitySchemes.key['x-amazon-apigateway-authorizer'].authorizerResultTtlInSeconds =
      300;

    expect(() => createApiGateway({ body: cached, stage: 'api', invoke: async () => ok() })).toThrow();
  });
});

describe('limits and replies', () => {
  it('A2 413 above 10 MB, and the function is not called', async () => {
    const answer = await send('POST', '/v1/jobs', { body: Buffer.alloc(10 * 1024 * 1024 + 1, 97) });

    expect(answer.status).toBe(413);
    expect(json(answer).error.code).toBe('payload_too_large');
    expect(calls).toEqual([]);
    expect((await send('POST', '/v1/jobs', { body: Buffer.alloc(10 * 1024 * 1024, 97) })).status).toBe(200);
  });

  it('504 where the function takes longer than the integration may', async () => {
    replies.set('slow', () => new Promise(() => {}));

    const answer = await send('GET', '/v1/slow');

    expect(answer.status).toBe(504);
    expect(json(answer).error).toMatchObject({
      code: 'internal_error',
      message: 'Endpoint request timed out',
    });
  });

  it.each([
    ['a function error', failure('boom'), 502],
    ['no status', { payload: { body: '' } }, 502],
    ['a body that is no string', { payload: { statusCode: 200, body: {} } }, 502],
    ['nothing', { payload: null }, 502],
    ['a header with a line break', ok({ headers: { 'X-A': 'a\r\nSet-Cookie: b=1' } }), 502],
    ['a header name with a space', ok({ headers: { 'X A': 'a' } }), 502],
  ])('502 for %s, without a word of it', async (_, reply, status) => {
    replies.set('create-job', () => reply);

    const answer = await send('POST', '/v1/jobs');

    expect(answer.status).toBe(status);
    expect(json(answer).error).toEqual({
      code: 'internal_error',
      message: 'Internal server error',
      request_id: answer.headers['x-amzn-requestid'],
    });
  });

  it('500 where the function cannot be invoked', async () => {
    replies.set('create-job', () => Promise.reject(new AwsError('ResourceNotFoundException', 'gone', 404)));

    expect((await send('POST', '/v1/jobs')).status).toBe(500);
  });

  it('merges headers, the multi-value ones winning, and writes its own Content-Length', async () => {
    replies.set('create-job', () =>
      ok({
        statusCode: 201,
        headers: { 'X-A': 'one', 'content-length': '999', ETag: '"1"', 'X-Count': 3 },
        multiValueHeaders: { 'x-a': ['two', 'three'] },
        body: '{"a":1}',
      }),
    );

    const answer = await send('POST', '/v1/jobs');

    expect(answer).toMatchObject({
      status: 201,
      headers: {
        'x-a': 'two, three',
        etag: '"1"',
        'x-count': '3',
        'content-length': '7',
        'content-type': 'application/json',
      },
    });
  });

  it('decodes base64 only for callers that accept a binary type', async () => {
    replies.set('create-job', () => ok({ body: 'aGVsbG8=', isBase64Encoded: true }));

    const binary = await send('POST', '/v1/jobs', { headers: { accept: 'application/octet-stream' } });
    const plain = await send('POST', '/v1/jobs');

    expect([binary.body.toString(), plain.body.toString()]).toEqual(['hello', 'aGVsbG8=']);
  });

  it('HEAD has headers and no body, 204 neither body nor a broken connection', async () => {
    replies.set('unknown-route', () => ok({ headers: { Allow: 'GET, POST' }, body: 'text' }));
    replies.set('create-job', () => ({ payload: { statusCode: 204, body: '' } }));

    const head = await send('HEAD', '/v1/jobs');
    const empty = await send('POST', '/v1/jobs');

    expect([head.status, head.headers.allow, head.body.length]).toEqual([200, 'GET, POST', 0]);
    expect([empty.status, empty.body.length]).toEqual([204, 0]);
  });
});
