import { expect, it, vi } from 'vitest';
import { getHealth, handler } from '../../functions/api/health/get-health.ts';
import { eventOf } from '../support/call.ts';

it('200 without a credential and without a table', async () => {
  vi.stubEnv('DEPLOYMENT_VERSION', '1.2.3');

  const response = await handler(eventOf(getHealth.route, {}), {} as Parameters<typeof handler>[1]);

  expect(response).toEqual({
    statusCode: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-request-id': 'req_1' },
    body: '{"data":{"status":"ok","version":"1.2.3"}}',
  });
});
