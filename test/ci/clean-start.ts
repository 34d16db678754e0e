import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, startLocalStack } from '../../bin/demo/local-stack.ts';
import { temporaryState } from '../../bin/demo/temporary-state.ts';

/** Fails unless `npm start` becomes ready, answers, and ends with all its children on SIGINT to its group. */

const readText = (read: () => string) => {
  try {
    return read();
  } catch {
    return ''; // the process ended while we looked
  }
};

/** Processes that stand in the state folder, name it, or belong to the group. */
const leftOvers = (state: string, group: number) =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && pid !== String(process.pid))
    .flatMap((pid) => {
      const stat = readText(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
      const [status, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const command = readText(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
      const folder = readText(() => readlinkSync(`/proc/${pid}/cwd`));
      const isOurs = pgrp === String(group) || command.includes(state) || folder.startsWith(state);
      return isOurs && status !== 'Z' ? [`${pid} ${command}`] : [];
    });

const expectStatus = async (url: string, headers: Record<string, string>) => {
  const { status } = await fetch(url, { headers });
  console.log(`${url} answered ${status}`);
  if (status !== 200) throw new Error(`${url} answered ${status}, not 200.`);
};

const checkStart = async (state: string) => {
  const startedAt = performance.now();
  const port = await freePort();
  const stack = await startLocalStack(['npm', 'start', '--', '--port', `${port}`, '--state', state], state);
  console.log(`ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  let hasEnded = false;
  try {
    const { base_url: url, api_key: key } = stack.endpoint;
    await expectStatus(`${url}/api/v1/health`, {});
    await expectStatus(`${url}/api/v1/whoami`, { authorization: `Bearer ${key}` });
  } finally {
    hasEnded = await stack.stop();
  }
  if (!hasEnded) throw new Error('The stack did not end within 20 s of SIGINT.');
  await delay(500);
  const left = leftOvers(state, stack.pid);
  if (left.length > 0) throw new Error(`Left behind:\n${left.join('\n')}`);
  console.log('all processes ended');
};

const state = temporaryState();
try {
  await checkStart(state.path);
} finally {
  state.remove();
}
