import type { Logger } from '@aws-lambda-powertools/logger';
import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { errors } from '#src/api/errors.ts';
import { Failure } from '#src/domain/failure.ts';
import { ConditionFailed, Contended } from '#src/table/table.ts';
import { requestIdOf } from './read-request.ts';
import { traceOf } from './trace.ts';
import { isTransient } from './transient.ts';

/** Every error as a Failure: only a Failure's own words leave the system. */
export const failureOf = (error: unknown): Failure => {
  if (error instanceof Failure) return error;
  if (error instanceof ConditionFailed)
    return new Failure('conflict', 'Something else changed this at the same time. Try again.', {
      cause: error,
      retryAfterSeconds: 1,
    });
  if (error instanceof Contended || isTransient(error))
    return new Failure('dependency_down', 'Something that we need does not answer. Try again.', {
      cause: error,
      retryAfterSeconds: 5,
    });
  return new Failure('internal_error', 'Something went wrong on our side. Try again.', { cause: error });
};

const mustRetryAfter = { dependency_down: 5, rate_limited: 5 } as const;

/** The answer to a failure, in the one envelope. */
export const failureResponse = (failure: Failure, requestId: string): APIGatewayProxyResult => {
  const { code, message, details } = failure;
  const wait = failure.retryAfterSeconds ?? mustRetryAfter[code as keyof typeof mustRetryAfter];
  return {
    statusCode: errors[code].status,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-request-id': requestId,
      ...(wait !== undefined && { 'retry-after': String(wait) }),
    },
    body: JSON.stringify({ error: { code, message, details, request_id: requestId } }),
  };
};

/** Answers a thrown error, and logs what is not the caller's doing. */
export const errorResponses = (
  logger: Logger,
): MiddlewareObj<APIGatewayProxyEvent, APIGatewayProxyResult> => ({
  onError: ({ error, event }) => {
    const failure = failureOf(error);
    if (errors[failure.code].status >= 500)
      logger.error('failed', { code: failure.code, trace: traceOf(error) });
    else logger.info('refused', { code: failure.code, status: errors[failure.code].status });
    return failureResponse(failure, requestIdOf(event));
  },
});
