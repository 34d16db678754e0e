import { expect, it } from 'vitest';
import { getWhoami } from '../../functions/api/whoami/get-whoami.ts';
import { testWorld } from '../support/world.ts';

const world = testWorld();

it('200 shows the credential, its organization and limits', async () => {
  const { status, body } = await world.call(getWhoami, { scopes: ['orchestration:read'] });

  expect(status).toBe(200);
  expect(body.data).toEqual({
    credential: { id: 'key_01jq8k2m3n4p5q6r7s8t9v0w1x', type: 'api_key', name: 'test' },
    scopes: ['orchestration:read'],
    organization: { id: world.organizationId, slug: 'acme', name: 'Acme' },
    tier: 'enterprise',
    limits: { max_pipelines: 500, max_connections: 200, max_concurrent_runs: 2, max_agent_count: 50 },
  });
});
