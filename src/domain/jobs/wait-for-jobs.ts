import type { Clock } from '#src/domain/clock.ts';
import { terminalStatuses } from './job.ts';
import type { Found } from './job-repository.ts';

const pollMs = 500;

/** Reads until all are terminal or the time is up, whichever is first; answers what it read last. */
export const waitForJobs = async <All extends readonly Found[]>(
  read: () => Promise<All>,
  waitSeconds: number,
  clock: Clock,
): Promise<All> => {
  const until = clock.now() + waitSeconds * 1000;
  for (;;) {
    const found = await read();
    const left = until - clock.now();
    if (left <= 0 || found.every(({ job }) => terminalStatuses.has(job.status))) return found;
    await clock.sleep(Math.min(pollMs, left));
  }
};
