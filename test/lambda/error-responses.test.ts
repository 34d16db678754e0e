import { describe, expect, it } from 'vitest';
import { Failure } from '#src/domain/failure.ts';
import { failureOf, failureResponse } from '#src/lambda/error-responses.ts';
import { traceOf } from '#src/lambda/trace.ts';
import { ConditionFailed, Contended } from '#src/table/table.ts';

const named = (name: string, more = {}) => Object.assign(new Error('canary-message'), { name, ...more });
const codeOf = (error: unknown) => failureOf(error).code;

describe('an error as an answer', () => {
  it.each([
    'ThrottlingException',
    'ProvisionedThroughputExceededException',
    'RequestLimitExceeded',
    'InternalServerError',
    'ServiceUnavailable',
    'ServiceUnavailableException',
    'TooManyRequestsException',
    'KMSInternalException',
    'KeyUnavailableException',
    'DependencyTimeoutException',
    'ExecutionLimitExceeded',
    'TimeoutError',
    'SlowDown',
    'RequestThrottled',
  ])('H3 %s is 503 with Retry-After', (name) => {
    const { statusCode, headers } = failureResponse(failureOf(named(name)), 'req_1');
    expect({ statusCode, wait: headers?.['retry-after'] }).toEqual({ statusCode: 503, wait: '5' });
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EPIPE'])(
    'H3 the network error %s is 503',
    (code) => {
      expect(codeOf(named('Error', { code }))).toBe('dependency_down');
    },
  );

  it.each([500, 502, 503, 504, 429])('H3 an SDK error of status %i is 503', (httpStatusCode) => {
    expect(codeOf(named('Whatever', { $metadata: { httpStatusCode } }))).toBe('dependency_down');
  });

  it.each([
    'AccessDeniedException',
    'ValidationException',
    'ResourceNotFoundException',
    'TypeError',
    'ZodError',
  ])('H3 %s is a bug of ours: 500, and none of its words', (name) => {
    const { statusCode, body } = failureResponse(failureOf(named(name)), 'req_1');
    expect(statusCode).toBe(500);
    expect(body).not.toContain('canary');
  });

  it('a condition that nobody expected is 409, contention 503', () => {
    expect(codeOf(new ConditionFailed(new Map([[0, undefined]])))).toBe('conflict');
    expect(codeOf(new Contended('busy'))).toBe('dependency_down');
  });

  it('a Failure is answered in its own words', () => {
    const failure = new Failure('limit_reached', 'Full.', { retryAfterSeconds: 60, cause: named('X') });
    expect(failureResponse(failure, 'req_1')).toEqual({
      statusCode: 409,
      headers: {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'x-request-id': 'req_1',
        'retry-after': '60',
      },
      body: '{"error":{"code":"limit_reached","message":"Full.","details":[],"request_id":"req_1"}}',
    });
  });

  it('what is logged of an error quotes no message', () => {
    const trace = traceOf(new Error('canary-outer', { cause: named('Inner') }));
    expect(JSON.stringify(trace)).not.toContain('canary');
    expect(trace).toMatchObject({ name: 'Error', cause: { name: 'Inner' } });
  });
});
