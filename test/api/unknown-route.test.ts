import type { APIGatewayProxyEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { handler } from '../../functions/api/unknown-route.ts';

const ask = async (httpMethod: string, path: string) => {
  const event = { httpMethod, path, requestContext: { requestId: 'req_1' } };
  const { statusCode, headers, body } = await handler(event as unknown as APIGatewayProxyEvent);
  return { status: statusCode, allow: headers?.allow, error: JSON.parse(body).error };
};

describe('a route that the table does not have', () => {
  it.each([
    ['PATCH', '/api/v1/connections/conn_01jq8k2m3n4p5q6r7s8t9v0w1x', 'GET, PUT, DELETE'],
    ['HEAD', '/api/v1/jobs', 'GET'],
    ['OPTIONS', '/api/v1/connections', 'POST, GET'],
    ['GET', '/v1/connections/x/sync', 'POST'],
  ])('A10 405 for %s %s', async (method, path, allow) => {
    const { status, allow: allowed, error } = await ask(method, path);

    expect({ status, allowed, code: error.code }).toEqual({
      status: 405,
      allowed: allow,
      code: 'method_not_allowed',
    });
    expect(error.request_id).toBe('req_1');
  });

  it.each(['/api/v1/nothing', '/api/v1/jobs/', '/api/v1/Jobs', '/api/v1/jobs/a/b/c', '/', '/api/v1//sync'])(
    'A10 404 for %s',
    async (path) => {
      const { status, error } = await ask('GET', path);

      expect({ status, code: error.code }).toEqual({ status: 404, code: 'not_found' });
    },
  );
});
