import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lambdaEndpoint } from '#local/lambda-endpoint.ts';
import { createLambdaHost, type FunctionSpec, type LambdaHost, type LogLine } from '#local/lambda-host.ts';

const source = `
  class Transient extends Error { name = 'Transient' }
  let calls = 0;
  const heap = [];
  export const handler = async (event, context) => {
    switch (event.do) {
      case 'echo': return { event, calls: ++calls, env: process.env, remaining: context.getRemainingTimeInMillis(), context };
      case 'nothing': return undefined;
      case 'transient': throw new Transient('try again');
      case 'string': throw 'plain text';
      case 'exit': process.exit(3);
      case 'hang': return new Promise(() => {});
      case 'spin': for (;;) {}
      case 'eat': for (;;) heap.push(new Array(100_000).fill({ at: heap.length }));
      case 'reject': Promise.reject(new Error('nobody listens')); return new Promise(() => {});
      case 'late crash': setTimeout(() => { throw new Error('after the answer') }, 20); return 'answered';
      case 'log': console.log('one line'); console.error('another'); return new Promise((resolve) => setTimeout(resolve, 50, null));
      case 'large': return 'x'.repeat(7 * 1024 * 1024);
      case 'bigint': return { count: 1n };
      case 'sleep': return new Promise((resolve) => setTimeout(resolve, 100, ++calls));
    }
  };
  export const notAFunction = 7;
`;

const lines: LogLine[] = [];
let host: LambdaHost;
let single: FunctionSpec;
const invoke = (payload: unknown, name = 'toy') => host.invoke(name, payload);

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lambda-host-'));
  await writeFile(join(folder, 'toy.js'), source);
  await writeFile(join(folder, 'broken.js'), `throw new TypeError('cannot load'); export const handler = 1;`);
  await build({
    entryPoints: [join(folder, 'toy.js'), join(folder, 'broken.js')],
    outdir: join(folder, 'out'),
    outExtension: { '.js': '.mjs' },
    format: 'esm',
  });
  const spec = (name: string, file = 'toy.mjs', more = {}) => ({
    name,
    arn: `arn:aws:lambda:eu-west-1:000000000000:function:${name}`,
    file: join(folder, 'out', file),
    handler: 'index.handler',
    env: { TABLE_NAME: 'jobs' },
    timeoutSeconds: 5,
    memoryMb: 128,
    ...more,
  });
  single = spec('single', 'toy.mjs', { concurrency: 1 });
  host = createLambdaHost({
    functions: [
      spec('toy'),
      spec('short', 'toy.mjs', { timeoutSeconds: 0.3 }),
      spec('small', 'toy.mjs', { memoryMb: 32, timeoutSeconds: 20 }),
      single,
      spec('broken', 'broken.mjs'),
      spec('no-handler', 'toy.mjs', { handler: 'index.notAFunction' }),
    ],
    onLog: (line) => lines.push(line),
  });
});
afterAll(() => host.close());

describe('the Lambda host', () => {
  it('gives a function its event, its context and only the environment of its spec', async () => {
    const { payload } = await invoke({ do: 'echo' }, 'arn:aws:lambda:eu-west-1:000000000000:function:toy');

    expect(payload).toMatchObject({
      event: { do: 'echo' },
      context: {
        functionName: 'toy',
        memoryLimitInMB: '128',
        invokedFunctionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:toy',
        awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    });
    const { env, remaining } = payload as { env: object; remaining: number };
    expect(env).toEqual({
      TABLE_NAME: 'jobs',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_NAME: 'toy',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      _HANDLER: 'index.handler',
    });
    expect(remaining).toBeGreaterThan(4000);
    expect(remaining).toBeLessThanOrEqual(5000);
  });

  it('keeps module state in a warm environment', async () => {
    const first = (await invoke({ do: 'echo' })).payload as { calls: number };
    const second = (await invoke({ do: 'echo' })).payload as { calls: number };

    expect(second.calls).toBe(first.calls + 1);
  });

  it('answers null for a function that returns nothing', async () => {
    expect(await invoke({ do: 'nothing' })).toEqual({ payload: null });
  });

  it("keeps an error's name as errorType", async () => {
    expect(await invoke({ do: 'transient' })).toEqual({
      functionError: 'Unhandled',
      payload: { errorType: 'Transient', errorMessage: 'try again', trace: expect.any(Array) },
    });
    expect(await invoke({ do: 'string' })).toMatchObject({
      payload: { errorType: 'string', errorMessage: 'plain text' },
    });
  });

  it.each([
    [
      'exit',
      'toy',
      'Runtime.ExitError',
      /^RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 3$/,
    ],
    [
      'hang',
      'short',
      'Sandbox.Timedout',
      /^RequestId: [0-9a-f-]{36} Error: Task timed out after 0\.30 seconds$/,
    ],
    ['spin', 'short', 'Sandbox.Timedout', /Task timed out after 0\.30 seconds$/],
    ['eat', 'small', 'Runtime.OutOfMemory', /Error: Runtime exited with error: signal: killed$/],
    ['reject', 'toy', 'Runtime.UnhandledPromiseRejection', /^Error: nobody listens$/],
    ['bigint', 'toy', 'Runtime.MarshalError', /^Unable to stringify response body: /],
    ['large', 'toy', 'Function.ResponseSizeTooLarge', /^Response payload size exceeded/],
    ['anything', 'broken', 'TypeError', /^cannot load$/],
    ['anything', 'no-handler', 'Runtime.HandlerNotFound', /^notAFunction is undefined or not exported$/],
  ])('E15 "%s" in %s is a %s', async (action, name, errorType, errorMessage) => {
    expect(await invoke({ do: action }, name)).toEqual({
      functionError: 'Unhandled',
      payload: expect.objectContaining({ errorType, errorMessage: expect.stringMatching(errorMessage) }),
    });
    if (name !== 'broken' && name !== 'no-handler') {
      expect(await invoke({ do: 'nothing' }, name)).toEqual({ payload: null });
    }
  });

  it('survives an error thrown in an idle environment and starts a fresh one', async () => {
    expect(await invoke({ do: 'late crash' })).toEqual({ payload: 'answered' });
    await new Promise((resolve) => setTimeout(resolve, 100));

    expect((await invoke({ do: 'echo' })).payload).toMatchObject({ calls: 1 });
  });

  it('makes callers beyond the concurrency wait', async () => {
    const started = performance.now();
    const answers = await Promise.all([1, 2, 3].map(() => invoke({ do: 'sleep' }, 'single')));

    expect(answers.map(({ payload }) => payload)).toEqual([1, 2, 3]);
    expect(performance.now() - started).toBeGreaterThan(290);
  });

  it('passes output on line by line', async () => {
    await invoke({ do: 'log' });

    expect(lines).toContainEqual({ function: 'toy', stream: 'stdout', line: 'one line' });
    expect(lines).toContainEqual({ function: 'toy', stream: 'stderr', line: 'another' });
  });

  it('refuses unknown functions and oversized requests', async () => {
    await expect(invoke({}, 'nobody')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      status: 404,
    });
    await expect(invoke('x'.repeat(7 * 1024 * 1024))).rejects.toMatchObject({
      name: 'RequestTooLargeException',
    });
  });
});

describe('closing', () => {
  it('ends what runs, refuses what waits and what comes later', async () => {
    const closing = createLambdaHost({ functions: [single] });
    const answers = Promise.allSettled(
      ['hang', 'nothing', 'nothing'].map((action) => closing.invoke('single', { do: action })),
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    await closing.close();

    const refused = { status: 'rejected', reason: { name: 'ServiceException', status: 500 } };
    const ended = { status: 'fulfilled', value: { payload: { errorType: 'Runtime.ExitError' } } };
    expect(await answers).toMatchObject([ended, refused, refused]);
    await expect(closing.invoke('single', {})).rejects.toMatchObject({ name: 'ServiceException' });
  });
});

describe('the Invoke endpoint', () => {
  const decode = (payload: Uint8Array | undefined) =>
    JSON.parse(Buffer.from(payload ?? []).toString() || 'null');

  it('speaks the wire protocol of @aws-sdk/client-lambda', async () => {
    const endpoint = lambdaEndpoint(host.invoke);
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const client = new LambdaClient({
      region: 'eu-west-1',
      credentials,
      maxAttempts: 1,
      endpoint: await endpoint.listen(0),
    });
    const send = (FunctionName: string, payload: unknown, more = {}) =>
      client.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload), ...more }));

    const reply = await send('arn:aws:lambda:eu-west-1:000000000000:function:toy', { do: 'echo' });
    const failure = await send('toy', { do: 'transient' });
    const event = await send('toy', { do: 'nothing' }, { InvocationType: 'Event' });

    expect(reply.StatusCode).toBe(200);
    expect(reply.FunctionError).toBeUndefined();
    expect(decode(reply.Payload)).toMatchObject({ event: { do: 'echo' } });
    expect(failure.FunctionError).toBe('Unhandled');
    expect(decode(failure.Payload)).toMatchObject({ errorType: 'Transient' });
    expect(event.StatusCode).toBe(202);
    await expect(send('nobody', {})).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(send('nobody', {}, { InvocationType: 'Event' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    client.destroy();
    await endpoint.close();
  });
});
