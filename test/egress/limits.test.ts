import { afterEach, beforeEach, expect, it } from 'vitest';
import { defaultLimits } from '#src/egress/rules.ts';
import { type Receiver, startReceiver } from '#test/support/receiver.ts';
import { after, answer, drip, huge, inTurn, type Reply, raw, reset, silence } from '#test/support/replies.ts';
import { locally, post } from './setup.ts';

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const to = (reply: Reply, totalMs: number) => {
  receiver.script(reply);
  return post(receiver.url, locally({ limits: { totalMs } }));
};

const timedOut = {
  outcome: 'failed',
  errorClass: 'timeout',
  reason: 'There was no complete answer in time.',
  latencyMs: expect.any(Number),
};

it('J5 the limits are those of faults.md §5', () => {
  expect(defaultLimits).toEqual({
    dnsMs: 2_000,
    connectMs: 3_000,
    tlsMs: 3_000,
    totalMs: 15_000,
    readBytes: 65_536,
    headBytes: 16_384,
    excerptBytes: 1_024,
  });
});

it('J5 no answer is a time-out, and the socket is closed', async () => {
  expect(await to(silence, 150)).toEqual(timedOut);
  await expect.poll(receiver.open).toBe(0);
});

it('J5 headers just before the limit count, just after it not', async () => {
  expect(await to(after(300, answer(200)), 600)).toMatchObject({ outcome: 'answered', status: 200 });
  expect(await to(after(600, answer(200)), 300)).toEqual(timedOut);
});

it('J5 a head that drips ends at the total limit', async () => {
  const head: Reply = (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nX-Slow: ');
    const timer = setInterval(() => socket.write('.'), 20);
    socket.once('close', () => clearInterval(timer));
  };
  expect(await to(head, 200)).toEqual(timedOut);
});

it('J5 a 200 whose body drips ends at the total limit and is no success', async () => {
  const result = await to(drip(200, 20), 250);
  expect(result).toEqual(timedOut);
  expect(result.latencyMs).toBeGreaterThanOrEqual(245);
  expect(result.latencyMs).toBeLessThan(1_000);
  await expect.poll(receiver.open).toBe(0);
});

it('J5 a refusal is known by its head, whatever its body does', async () => {
  expect(await to(drip(503, 20), 250)).toEqual({
    outcome: 'answered',
    status: 503,
    latencyMs: expect.any(Number),
  });
  const gone = raw('HTTP/1.1 410 Gone\r\nContent-Length: 9\r\nRetry-After: 5\r\n\r\nx');
  expect(await to(inTurn(gone, reset), 5_000)).toMatchObject({ status: 410, retryAfter: '5' });
});

it('J5 a never-ending body ends at 64 KB', async () => {
  expect(await to(huge(200, Number.MAX_SAFE_INTEGER), 5_000)).toMatchObject({
    outcome: 'answered',
    status: 200,
  });
  await expect.poll(receiver.open).toBe(0);
});

it('J5 endless 1xx end at the total limit', async () => {
  const early = raw('HTTP/1.1 103 Early Hints\r\n\r\n');
  const endless: Reply = (socket, request) => {
    const timer = setInterval(() => early(socket, request), 10);
    socket.once('close', () => clearInterval(timer));
  };
  expect(await to(endless, 200)).toEqual(timedOut);
});

it('J5 with the true limit, a silent receiver is given up after 15 s', { timeout: 20_000 }, async () => {
  receiver.script(inTurn(silence));
  const { latencyMs, ...result } = await post(receiver.url, locally());
  expect(result).toMatchObject({ errorClass: 'timeout' });
  expect(latencyMs).toBeGreaterThanOrEqual(14_990);
  expect(latencyMs).toBeLessThan(15_500);
});
