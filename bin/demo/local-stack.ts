import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';

const Endpoint = z.object({
  base_url: z.string(),
  organization_id: z.string(),
  api_key: z.string(),
  postgres: z.object({ source_url: z.string(), destination_url: z.string() }),
});
export type Endpoint = z.output<typeof Endpoint>;

export const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No free port.');
  return address.port;
};

const stopSeconds = 20;
const readySeconds = 90;

/** The last lines of what a child said, for the error where it fails. */
const recentLines = (max: number) => {
  const lines: string[] = [];
  return {
    add: (line: string) => {
      lines.push(line);
      if (lines.length > max) lines.shift();
    },
    text: () => lines.join('\n'),
  };
};

export type LocalStack = {
  endpoint: Endpoint;
  /** The leader of the process group that the stack runs in. */
  pid: number;
  /** Ends the whole group as Ctrl-C would; false where it had to be killed after 20 s. */
  stop(): Promise<boolean>;
};

/** Runs a command that starts the local stack, in a process group of its own, until its `ready` line. */
export const startLocalStack = async (command: readonly string[], state: string): Promise<LocalStack> => {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const said = recentLines(40);
  const ready = Promise.withResolvers<void>();
  const hear = (line: string) => {
    said.add(line);
    if (line.startsWith('ready ')) ready.resolve();
  };
  createInterface({ input: child.stdout }).on('line', hear);
  createInterface({ input: child.stderr }).on('line', said.add);
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${file} did not start.`);
  const stop = async () => stopGroup(pid, exited);
  const late = delay(readySeconds * 1000, 'late', { ref: false });
  const first = await Promise.race([ready.promise.then(() => 'ready'), exited.then(() => 'ended'), late]);
  if (first !== 'ready') {
    await stop();
    throw new Error(`The local stack is not ready (${first}):\n${said.text()}`);
  }
  const endpoint = Endpoint.parse(JSON.parse(readFileSync(join(state, 'endpoint.json'), 'utf8')));
  return { endpoint, pid, stop };
};

const stopGroup = async (pid: number, exited: Promise<unknown>) => {
  if (!signalled(pid, 'SIGINT')) return true;
  const ended = await Promise.race([
    exited.then(() => true),
    delay(stopSeconds * 1000, false, { ref: false }),
  ]);
  if (!ended) signalled(pid, 'SIGKILL');
  return ended;
};

/** Signals a process group; false where it is gone. */
const signalled = (pid: number, signal: NodeJS.Signals) => {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
};
