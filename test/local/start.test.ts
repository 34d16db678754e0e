import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '#local/ports.ts';

let state = '';
let port = 0;
let running: ChildProcess | undefined;

/** Starts `npm start` as its own process group and waits for its ready line. */
const start = async () => {
  const child = spawn(process.execPath, ['bin/local.ts', '--port', String(port), '--state', state], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running = child;
  let printed = '';
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      printed += chunk;
      if (printed.includes('\n')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${errors}`)));
  });
  return { child, printed };
};

const kill = async (child: ChildProcess, signal: NodeJS.Signals) => {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-(child.pid ?? 0), signal);
  await ended;
};

const endpoint = () => JSON.parse(readFileSync(join(state, 'endpoint.json'), 'utf8'));

const get = async (path: string, key?: string) => {
  const headers: Record<string, string> = key ? { authorization: `Bearer ${key}` } : {};
  const answer = await fetch(`${endpoint().base_url}${path}`, { headers });
  return { status: answer.status, body: await answer.json() };
};

const cwdOf = (pid: string) => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
};

/** Processes that work in the state's data directory. */
const leftovers = () => {
  const folder = realpathSync(join(state, 'pgdata'));
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && cwdOf(pid) === folder);
};

beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), 'plnx-start-'));
  chmodSync(state, 0o755);
  port = await freePort();
});
afterAll(async () => {
  if (running?.exitCode === null && running.signalCode === null) await kill(running, 'SIGKILL');
  rmSync(state, { recursive: true, force: true });
});

it('starts, survives SIGKILL with its key and data, and ends all children on SIGINT', async () => {
  const first = await start();
  expect(first.printed).toBe(`ready http://127.0.0.1:${port}\n`);
  const { base_url, organization_id, api_key, postgres } = endpoint();
  expect(base_url).toBe(`http://127.0.0.1:${port}`);
  expect(postgres.source_url).toMatch(/^postgres:\/\/source:\w+@127\.0\.0\.1:\d+\/source$/);
  expect((await get('/api/v1/health')).status).toBe(200);
  expect((await get('/v1/health')).status).toBe(200);
  expect((await get('/api/v1/whoami')).status).toBe(401);
  expect(await get('/api/v1/whoami', api_key)).toMatchObject({
    status: 200,
    body: { data: { scopes: ['admin:organization'], organization: { id: organization_id } } },
  });

  await kill(first.child, 'SIGKILL');
  const second = await start();
  expect(endpoint()).toEqual({ base_url, organization_id, api_key, postgres });
  expect((await get('/api/v1/whoami', api_key)).status).toBe(200);
  await expect(start()).rejects.toThrow(/taken|in use/);

  await kill(second.child, 'SIGINT');
  expect(second.child.exitCode).toBe(0);
  expect(existsSync(join(state, 'endpoint.json'))).toBe(false);
  for (let tries = 0; tries < 100 && leftovers().length > 0; tries++) await sleep(100);
  expect(leftovers()).toEqual([]);
}, 180_000);
