import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const read = (reading: () => string) => {
  try {
    return reading();
  } catch {
    return ''; // it has ended meanwhile
  }
};

export const cwdOf = (pid: string) => read(() => readlinkSync(`/proc/${pid}/cwd`));
export const commandOf = (pid: string) => read(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));

/** Ends processes that a killed run left behind on its state, and waits until they are gone. */
export const endLeftovers = async (isLeft: (pid: string) => boolean) => {
  if (!existsSync('/proc')) return;
  for (let tries = 0; tries < 50; tries++) {
    const left = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isLeft(name));
    if (left.length === 0) return;
    for (const pid of left) process.kill(Number(pid), 'SIGKILL');
    await sleep(100);
  }
};
