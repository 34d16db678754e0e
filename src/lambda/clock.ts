import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '#src/domain/clock.ts';

/** The one place where real time enters. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (delayMs, signal) => {
    await delay(delayMs, undefined, signal && { signal });
  },
  every: (periodMs, tick) => {
    const timer = setInterval(tick, periodMs);
    return () => clearInterval(timer);
  },
};
