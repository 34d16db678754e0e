import { describe, expect, it } from 'vitest';
import { auditKey } from '#src/table/keys.ts';
import { createConnection } from '../../functions/api/connections/create-connection.ts';
import { deleteConnection } from '../../functions/api/connections/delete-connection.ts';
import { updateConnection } from '../../functions/api/connections/update-connection.ts';
import { aConnectionBody } from '../support/builders.ts';
import { testWorld } from '../support/world.ts';

describe('the audit', () => {
  const world = testWorld();
  const entries = async () => {
    const { pk } = auditKey(world.organizationId, '2030-01-01');
    return (await world.services.table.query({ pk })).items;
  };

  it('INV10 has one entry for each committed change', async () => {
    const connectionId = await world.aConnection();
    await world.call(updateConnection, { params: { connectionId }, body: { name: 'x' } });
    await world.call(deleteConnection, { params: { connectionId } });

    const found = await entries();
    expect(found).toHaveLength(3);
    const byAction = Object.fromEntries(found.map((entry) => [entry.action, entry]));
    expect(byAction['connection.update']).toEqual({
      pk: `ORG#${world.organizationId}#AUDIT#2030-01-01`,
      sk: expect.stringMatching(/^aud_/),
      id: expect.stringMatching(/^aud_/),
      at: '2030-01-01T00:00:00.000Z',
      actor: { type: 'api_key', id: 'key_01jq8k2m3n4p5q6r7s8t9v0w1x' },
      credential_id: 'key_01jq8k2m3n4p5q6r7s8t9v0w1x',
      source_ip: '203.0.113.7',
      action: 'connection.update',
      resource: { type: 'connection', id: connectionId },
      outcome: 'succeeded',
      request_id: 'req_1',
      before_hash: byAction['connection.create']?.after_hash,
      after_hash: byAction['connection.delete']?.before_hash,
      ttl: 1_924_992_000,
    });
    expect(byAction['connection.create']).toMatchObject({ before_hash: null });
    expect(byAction['connection.delete']).toMatchObject({ after_hash: null });
  });

  it('INV10 has none for what was refused or replayed', async () => {
    const headers = { 'Idempotency-Key': 'k' };
    await world.call(createConnection, { body: aConnectionBody(), headers });
    await world.call(createConnection, { body: aConnectionBody(), headers });
    await world.call(createConnection, { body: aConnectionBody() });
    await world.call(createConnection, { body: {} });

    expect(await entries()).toHaveLength(1);
  });

  it('CANARY no credential is in it', async () => {
    await world.aConnection();

    expect(JSON.stringify(await entries())).not.toContain('canary');
  });
});
