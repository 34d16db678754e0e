import { Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createPool } from '#src/egress/pool.ts';
import { type Receiver, type ReceiverOptions, startReceiver } from '#test/support/receiver.ts';
import { answer, halfClose, inTurn, type Reply, raw, reset } from '#test/support/replies.ts';
import { locally, post, publicly } from './setup.ts';

const started: Receiver[] = [];
const start = async (options?: ReceiverOptions) => {
  const receiver = await startReceiver(options);
  started.push(receiver);
  return receiver;
};
afterEach(() => Promise.all(started.splice(0).map((receiver) => receiver.close())));

const failure = (errorClass: string) => ({ outcome: 'failed', errorClass });

it('J6 a closed port is a connect failure', async () => {
  const receiver = await start();
  await receiver.close();
  started.pop();
  expect(await post(receiver.url, locally())).toMatchObject(failure('connect'));
});

it('J6 a reset at connect, after the request, after headers', async () => {
  const atOnce = await start({ onConnection: (socket) => socket.resetAndDestroy() });
  const { outcome, ...rest } = await post(atOnce.url, locally());
  expect(outcome).toBe('failed');
  expect(rest).toHaveProperty('errorClass', expect.stringMatching(/^(connect|reset)$/)); // as the kernel is quick
  const receiver = await start({ replies: [reset] });
  expect(await post(receiver.url, locally())).toMatchObject(failure('reset'));
  receiver.script(inTurn(raw('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal'), reset));
  expect(await post(receiver.url, locally())).toMatchObject(failure('reset'));
  expect(receiver.requests).toHaveLength(2);
});

it('J6 half-close without an answer, and in the middle of one', async () => {
  const receiver = await start({ replies: [halfClose] });
  expect(await post(receiver.url, locally())).toMatchObject(failure('reset'));
  receiver.script(inTurn(raw('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal'), halfClose));
  expect(await post(receiver.url, locally())).toMatchObject(failure('reset'));
});

it('J6 a TLS handshake that stalls ends at its own limit', async () => {
  const receiver = await start();
  const stalls = { ...receiver, url: receiver.url.replace('http://127.0.0.1', 'https://hooks.example.com') };
  const result = await post(stalls.url, publicly(receiver, { limits: { tlsMs: 150 } }));
  expect(result).toMatchObject(failure('timeout'));
  expect(result.latencyMs).toBeLessThan(2_000);
  await expect.poll(receiver.open).toBe(0);
});

it('J6 a connect that hangs ends at its own limit', async () => {
  const receiver = await start({ certificate: 'valid' });
  const socket = new Socket(); // never connects
  const hangs = publicly(receiver, { dial: () => socket, limits: { connectMs: 150 } });
  const result = await post(receiver.url, hangs);
  expect(result).toMatchObject(failure('timeout'));
  expect(result.latencyMs).toBeLessThan(2_000);
  expect(socket.destroyed).toBe(true);
});

it('J5 the total limit also ends a connect', async () => {
  const receiver = await start({ certificate: 'valid' });
  const socket = new Socket();
  const hangs = publicly(receiver, { dial: () => socket, limits: { totalMs: 100 } });
  expect(await post(receiver.url, hangs)).toMatchObject(failure('timeout'));
  expect(socket.destroyed).toBe(true);
});

it('J6 a keep-alive socket is used again, also for https', async () => {
  const receiver = await start({ certificate: 'valid' });
  const options = publicly(receiver);
  for (let n = 0; n < 5; n++)
    expect(await post(receiver.url, options)).toMatchObject({ outcome: 'answered', status: 200 });
  expect([receiver.connections(), receiver.requests.length]).toEqual([1, 5]);
});

it.each(['end', 'resetAndDestroy'] as const)(
  'J6 a kept socket that the receiver has closed by %s between uses costs nothing',
  async (way) => {
    const receiver = await start();
    const closing: Reply = (socket, request) => {
      answer(200)(socket, request);
      setTimeout(() => socket[way](), 5);
    };
    receiver.script(closing);
    const options = locally();
    await post(receiver.url, options);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50); // as a frozen function: it hears of nothing
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await post(receiver.url, options)).toMatchObject({ outcome: 'answered', status: 200 });
    expect([receiver.connections(), receiver.requests.length]).toEqual([2, 2]);
  },
);

it('J6 a close that has reached the machine but not the program is noticed before a kept socket is used', async () => {
  const server: Socket[] = [];
  const receiver = await start({ onConnection: (socket) => server.push(socket) });
  const options = locally();
  await post(receiver.url, options);
  await new Promise((resolve) => setTimeout(resolve, 20));
  server[0]?.destroy();
  expect(await post(receiver.url, options)).toMatchObject({ outcome: 'answered', status: 200 });
  expect([receiver.connections(), receiver.requests.length]).toEqual([2, 2]);
});

it('J6 a kept socket that breaks after the request was written is a failure, not a second request', async () => {
  const receiver = await start({ replies: [answer(200), reset, answer(200)] });
  const options = locally();
  await post(receiver.url, options);
  expect(await post(receiver.url, options)).toMatchObject(failure('reset'));
  expect(receiver.requests).toHaveLength(2);
});

it('J6 a request that a kept socket refuses to write is sent again at once, and once', async () => {
  const receiver = await start();
  const pool = createPool();
  const options = locally({ pool });
  await post(receiver.url, options);
  const [kept] = Object.values(pool.freeSockets).flat();
  const refuse = (_chunk: unknown, _encoding: unknown, done: (error: Error) => void) =>
    done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' }));
  Object.assign(kept ?? {}, {
    _write: refuse,
    _writev: (chunks: unknown, done: never) => refuse(chunks, '', done),
  });

  expect(await post(receiver.url, options)).toMatchObject({ outcome: 'answered', status: 200 });

  expect([receiver.connections(), receiver.requests.length]).toEqual([2, 2]);
});

it('J6 bytes that come on an idle socket are never taken for the next answer', async () => {
  const receiver = await start();
  const forged = 'HTTP/1.1 204 Forged\r\n\r\n';
  receiver.script(raw(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${forged}`), answer(500));
  const options = locally();
  await post(receiver.url, options);
  expect(await post(receiver.url, options)).toMatchObject({ status: 500 });
});
