import { randomUUID } from 'node:crypto';
import { AwsError } from '#local/aws-error.ts';
import { type FunctionFailure, failed, type Invocation } from '#local/invocation.ts';
import type { Environment, Outcome } from '#local/lambda-environment.ts';
import type { FunctionSpec } from '#local/lambda-host.ts';
import { lambdaPool, type PoolOptions } from '#local/lambda-pool.ts';

export type LambdaFunction = { invoke(payload: unknown): Promise<Invocation>; close(): Promise<void> };

const initLimitMs = 10_000;
const payloadLimitBytes = 6 * 1024 * 1024;
const responseTooLarge: FunctionFailure = {
  errorType: 'Function.ResponseSizeTooLarge',
  errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
};

const contextOf = (spec: FunctionSpec, requestId: string) => ({
  awsRequestId: requestId,
  functionName: spec.name,
  functionVersion: '$LATEST',
  invokedFunctionArn: spec.arn,
  memoryLimitInMB: String(spec.memoryMb),
  logGroupName: `/aws/lambda/${spec.name}`,
  logStreamName: 'local',
});

const invocationOf = (outcome: Outcome, requestId: string): Invocation => {
  if ('payload' in outcome) {
    if (Buffer.byteLength(outcome.payload) > payloadLimitBytes) return failed(responseTooLarge);
    return { payload: JSON.parse(outcome.payload) };
  }
  const { failure } = outcome;
  const isOfTheSandbox = /^(Runtime\.(ExitError|OutOfMemory)|Sandbox\.)/.test(failure.errorType);
  const errorMessage = `RequestId: ${requestId} Error: ${failure.errorMessage}`;
  return failed(isOfTheSandbox ? { ...failure, errorMessage } : failure);
};

/** Ends the environment, as Lambda does, where `work` takes longer than `limitMs`. */
const within = async (
  environment: Environment,
  limitMs: number,
  work: Promise<Outcome>,
): Promise<Outcome> => {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const timer = setTimeout(() => {
    const errorMessage = `Task timed out after ${(limitMs / 1000).toFixed(2)} seconds`;
    resolve({ failure: { errorType: 'Sandbox.Timedout', errorMessage } });
    void environment.end();
  }, limitMs);
  const outcome = await Promise.race([work, promise]);
  clearTimeout(timer);
  return outcome;
};

const serialise = (payload: unknown) => {
  const event = JSON.stringify(payload) ?? '{}';
  if (Buffer.byteLength(event) <= payloadLimitBytes) return event;
  throw new AwsError('RequestTooLargeException', 'Request must be smaller than 6291456 bytes', 413);
};

/** A function as its callers see it: limits in time, memory and size hold, and every failure has Lambda's shape. */
export const lambdaFunction = (spec: FunctionSpec, options: PoolOptions): LambdaFunction => {
  const pool = lambdaPool(spec, options);
  const limitMs = spec.timeoutSeconds * 1000;

  const run = async (environment: Environment, isCold: boolean, event: string, requestId: string) => {
    if (isCold) {
      // Lambda gives a module 10 s to load and then loads it again within the request's own time.
      const loaded = await within(environment, initLimitMs + limitMs, environment.ready);
      if ('failure' in loaded) return loaded;
    }
    const request = { event, deadlineMs: Date.now() + limitMs, context: contextOf(spec, requestId) };
    return within(environment, limitMs, environment.run(request));
  };

  return {
    invoke: async (payload) => {
      const event = serialise(payload);
      const { environment, isCold } = await pool.acquire();
      const requestId = randomUUID();
      const outcome = await run(environment, isCold, event, requestId);
      pool.release(environment);
      return invocationOf(outcome, requestId);
    },
    close: pool.close,
  };
};
