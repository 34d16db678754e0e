import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attemptsMax, parseRetryAfter, waitAfter } from '#src/domain/webhooks/retry-policy.ts';

const hour = 3_600_000;
const middle = () => 0.5;

describe('the retry ladder', () => {
  it('J10 waits 75.6 hours in nine steps, then gives up', () => {
    const waits = Array.from({ length: 10 }, (_, n) => waitAfter(n + 1, { random: middle }));

    expect(waits).toEqual([
      5_000,
      300_000,
      1_800_000,
      2 * hour,
      5 * hour,
      10 * hour,
      14 * hour,
      20 * hour,
      24 * hour,
      undefined,
    ]);
    expect(attemptsMax).toBe(10);
  });

  it('J10 stays within 20 % of the plan', () => {
    expect(waitAfter(2, { random: () => 0 })).toBe(240_000);
    expect(waitAfter(2, { random: () => 0.999_999_9 })).toBe(360_000);
  });

  it.each([
    ['5', 300_000],
    ['400', 400_000],
    ['3600', 600_000],
    ['99999999999999999999', 600_000],
    ['Tue, 01 Jan 2030 00:07:00 GMT', 420_000],
    ['Mon, 01 Jan 2001 00:00:00 GMT', 300_000],
    ['soon', 300_000],
    ['-1', 300_000],
  ])('J11 Retry-After %s makes the five minutes %d ms', (header, waitMs) => {
    const now = Date.parse('2030-01-01T00:00:00Z');

    expect(waitAfter(2, { random: middle, retryAfterMs: parseRetryAfter(header, now) })).toBe(waitMs);
  });

  it('J11 never waits less than the plan allows nor longer than twice the plan', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.string(),
        (n, chance, header) => {
          const plan = waitAfter(n, { random: middle }) ?? 0;
          const wait = waitAfter(n, { random: () => chance, retryAfterMs: parseRetryAfter(header, 0) }) ?? 0;

          expect(wait).toBeGreaterThanOrEqual(Math.floor(plan * 0.8));
          expect(wait).toBeLessThanOrEqual(plan * 2);
        },
      ),
    );
  });
});
