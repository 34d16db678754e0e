import { describe, expect, it, vi } from 'vitest';
import { cachingVault } from '#src/lambda/caching-vault.ts';
import { steppedClock } from '../support/services.ts';

const context = (resource_id: string) =>
  ({ purpose: 'webhook', organization_id: 'org_1', resource_id }) as const;

describe('the vault of a warm worker', () => {
  it('asks once in five minutes for the same secret, and again for another context', async () => {
    const clock = steppedClock();
    const open = vi.fn(async (sealed: string) => `open ${sealed}`);
    const vault = cachingVault({ open }, clock);

    expect(await vault.open('a', context('wh_1'))).toBe('open a');
    clock.step(299_999);
    expect(await vault.open('a', context('wh_1'))).toBe('open a');
    expect(open).toHaveBeenCalledTimes(1);

    await vault.open('a', context('wh_2'));
    expect(open).toHaveBeenCalledTimes(2);
    clock.step(1);
    await vault.open('a', context('wh_1'));
    expect(open).toHaveBeenCalledTimes(3);
  });

  it('keeps no failure', async () => {
    const open = vi.fn(async () => 'secret');
    open.mockRejectedValueOnce(new Error('throttled'));
    const vault = cachingVault({ open }, steppedClock());

    await expect(vault.open('a', context('wh_1'))).rejects.toThrow('throttled');
    expect(await vault.open('a', context('wh_1'))).toBe('secret');
  });
});
