import type { CdkCustomResourceEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findLiveKey } from '#src/domain/api-keys/api-key-record.ts';
import { defaultPool, readGate } from '#src/domain/gates/gate.ts';
import { readOrganization } from '#src/domain/organizations/organization-repository.ts';
import type { AdminKeys } from '#src/lambda/admin-key-secret.ts';
import { seed } from '../../functions/organizations/seed-organizations.ts';
import { startTable } from '../support/dynamo.ts';
import { steppedClock } from '../support/services.ts';

describe('seed-organizations', () => {
  let started: Awaited<ReturnType<typeof startTable>>;
  let kept: AdminKeys;
  let slug: string;
  let crashAt: number;
  let calls: number;
  beforeAll(async () => {
    started = await startTable();
  });
  afterAll(() => started.stop());
  beforeEach(() => {
    kept = {};
    slug = `acme-${Math.trunc(performance.now() * 1000)}`;
    crashAt = Number.POSITIVE_INFINITY;
    calls = 0;
  });

  const orCrash = async <T>(effect: () => Promise<T>) => {
    calls += 1;
    if (calls === crashAt) throw new Error('crash');
    return effect();
  };
  const run = (type: 'Create' | 'Update', organizations: object[], old: object[] = []) =>
    seed(() => ({
      table: { ...started.table, write: (writes) => orCrash(() => started.table.write(writes)) },
      clock: steppedClock(),
      secretAt: () => ({
        read: async () => kept,
        write: (keys) =>
          orCrash(async () => {
            kept = keys;
          }),
      }),
    }))({
      RequestType: type,
      ResourceProperties: { Organizations: JSON.stringify(organizations), AdminKeySecretArn: 'arn' },
      OldResourceProperties: { Organizations: JSON.stringify(old), AdminKeySecretArn: 'arn' },
    } as unknown as CdkCustomResourceEvent);
  const acme = (over = {}) => ({
    slug,
    name: 'Acme',
    tier: 'enterprise',
    limits: { max_concurrent_runs: 3 },
    ...over,
  });
  const admin = () => kept[slug] ?? { organization_id: '', api_key: '' };
  const liveKey = () => findLiveKey(started.table, admin().api_key, 0);

  it('makes the organization, its pool and one admin key', async () => {
    await run('Create', [acme()]);

    const { organization_id: id } = admin();
    expect(await readOrganization(started.table, id)).toEqual({
      id,
      slug,
      name: 'Acme',
      tier: 'enterprise',
      status: 'active',
      limits: { max_pipelines: 500, max_connections: 200, max_concurrent_runs: 3, max_agent_count: 50 },
      allowed_networks: [],
      allowed_targets: [],
    });
    expect(await liveKey()).toMatchObject({ organization_id: id, scopes: ['admin:organization'] });
    expect(await readGate(started.table, id, defaultPool)).toMatchObject({ cap: 3, free: [0, 1, 2] });
  });

  it('never makes the key anew, also when the secret was emptied', async () => {
    await run('Create', [acme()]);
    const first = kept;

    await run('Create', [acme()]);
    expect(kept).toEqual(first);
    kept = {};
    await run('Update', [acme({ name: 'Acme Ltd' })], [acme()]);

    expect(kept).toEqual({});
    const id = first[slug]?.organization_id ?? '';
    expect((await readOrganization(started.table, id)).name).toBe('Acme Ltd');
  });

  it('survives a crash at every step: one key, one organization', async () => {
    await run('Create', [acme()]);
    const steps = calls;
    expect(steps).toBeGreaterThan(4);
    for (let step = 1; step <= steps; step++) {
      slug = `crash-${step}-${Math.trunc(performance.now() * 1000)}`;
      kept = {};
      calls = 0;
      crashAt = step;
      await expect(run('Create', [acme()])).rejects.toThrow('crash');
      const before = kept[slug];
      crashAt = Number.POSITIVE_INFINITY;
      await run('Create', [acme()]);

      if (before) expect(kept[slug]).toEqual(before);
      const { organization_id: id } = admin();
      expect(await liveKey()).toMatchObject({ organization_id: id });
      expect(await readGate(started.table, id, defaultPool)).toMatchObject({ cap: 3, free: [0, 1, 2] });
    }
  });

  it('disables an organization that the context no longer names, and enables it again with the same key', async () => {
    await run('Create', [acme()]);

    await run('Update', [], [acme()]);
    expect(await liveKey()).toBeUndefined();
    expect(await readOrganization(started.table, admin().organization_id)).toMatchObject({
      status: 'disabled',
    });

    await run('Update', [acme()], []);
    expect(await liveKey()).toMatchObject({ organization_id: admin().organization_id });
  });

  it('a new limit moves the default pool, unless someone has set its cap', async () => {
    await run('Create', [acme()]);

    await run('Update', [acme({ limits: { max_concurrent_runs: 5 } })], [acme()]);

    const gate = await readGate(started.table, admin().organization_id, defaultPool);
    expect(gate).toMatchObject({ cap: 5, free: [0, 1, 2, 3, 4] });
  });
});
