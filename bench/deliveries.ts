import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { Agent, request } from 'undici';
import { newSecret, signedHeaders } from '#src/domain/webhooks/signature.ts';
import { postGuarded } from '#src/egress/post.ts';
import { defaultRules } from '#src/egress/rules.ts';
import { systemClock } from '#src/lambda/clock.ts';

/** Client CPU of a signed delivery: ours against a raw signed `undici.request` on loopback (goals.md 10). */

const perRound = 1_000;
const rounds = 8;
const concurrency = 10;
const body = JSON.stringify({ type: 'job.succeeded', data: { filler: 'x'.repeat(1_400) } });
const secret = newSecret();

const signed = (id: string) => ({
  'content-type': 'application/json',
  'user-agent': 'Planasonix-Webhooks/1',
  ...signedHeaders({ id, sentAtMs: Date.now(), body }, secret),
});

const options = { rules: { ...defaultRules, allowLoopbackHttp: true }, clock: systemClock };
const dispatcher = new Agent();

const ours = async (url: string, id: string) => {
  const result = await postGuarded({ url, headers: signed(id), body, partition: 'org_bench' }, options);
  if (result.outcome !== 'answered' || result.status !== 200) throw new Error(JSON.stringify(result));
};

const theirs = async (url: string, id: string) => {
  const answer = await request(url, { method: 'POST', headers: signed(id), body, dispatcher });
  if (answer.statusCode !== 200) throw new Error(String(answer.statusCode));
  await answer.body.dump();
};

/** Microseconds of this process's CPU per delivery. */
const measure = async (deliver: typeof ours, url: string) => {
  const before = process.cpuUsage();
  let left = perRound;
  const worker = async () => {
    while (left-- > 0) await deliver(url, `evt_${left}`);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / perRound;
};

const connectionsOf = async (url: string) =>
  Number(await (await request(new URL('/connections', url), { dispatcher: new Agent() })).body.text());

const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

const startReceiver = async () => {
  const child = fork(new URL('./receiver.ts', import.meta.url));
  const [port] = (await once(child, 'message')) as [number];
  return { url: `http://127.0.0.1:${port}/hook`, stop: () => child.disconnect() };
};

const compare = async () => {
  const mine = await startReceiver();
  const raw = await startReceiver();
  const figures: { ours: number; theirs: number }[] = [];
  for (let round = 0; round <= rounds; round++)
    figures.push({ ours: await measure(ours, mine.url), theirs: await measure(theirs, raw.url) });
  figures.shift(); // the first warms up
  const connections = (await connectionsOf(mine.url)) - 1; // the question itself is one
  mine.stop();
  raw.stop();
  return { figures, connections };
};

const { figures, connections } = await compare();
const total = perRound * (rounds + 1);
const [our, their] = [median(figures.map((f) => f.ours)), median(figures.map((f) => f.theirs))];
const ratio = median(figures.map((f) => f.ours / f.theirs));
const row = [
  new Date().toISOString().slice(0, 10),
  `${cpus().length} × ${cpus()[0]?.model.trim()}, node ${process.version}`,
  `${our.toFixed(0)} µs`,
  `${their.toFixed(0)} µs`,
  `${ratio.toFixed(2)} ×`,
  `${(100 * (1 - connections / total)).toFixed(2)} % (${connections} connections, ${total} deliveries)`,
];
console.log(`| ${row.join(' | ')} |`); // a row of the table in bench/results.md
process.exit();
