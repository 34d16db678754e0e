const minutes = (n: number) => n * 60;
const hours = (n: number) => minutes(n) * 60;

/** Seconds between an attempt and the next: 75.6 hours in all, then the delivery is exhausted. */
const waitsSeconds = [
  5,
  minutes(5),
  minutes(30),
  hours(2),
  hours(5),
  hours(10),
  hours(14),
  hours(20),
  hours(24),
] as const;

export const attemptsMax = waitsSeconds.length + 1;

/** Each wait is moved by up to this share, so that what failed together does not return together. */
const jitterShare = 0.2;
/** A receiver's Retry-After counts up to this many times the plan. */
const retryAfterMax = 2;

type Wish = { random: () => number; retryAfterMs?: number | undefined };

/** Milliseconds until the next attempt; `attempt` counts from 1. Undefined means: give up. */
export const waitAfter = (attempt: number, { random, retryAfterMs = 0 }: Wish): number | undefined => {
  const planned = waitsSeconds[attempt - 1];
  if (planned === undefined) return undefined;
  const planMs = planned * 1000;
  const jitteredMs = planMs * (1 - jitterShare + 2 * jitterShare * random());
  return Math.round(Math.max(jitteredMs, Math.min(retryAfterMs, planMs * retryAfterMax)));
};

/** A Retry-After header in milliseconds from now: seconds or an HTTP date; undefined where it is neither. */
export const parseRetryAfter = (header: string | undefined, now: number): number | undefined => {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const at = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
};
