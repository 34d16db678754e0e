import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createPool, sharedPool } from '#src/egress/pool.ts';
import { type Receiver, startReceiver } from '#test/support/receiver.ts';
import { after, answer, type Reply } from '#test/support/replies.ts';
import { fakeResolver } from '#test/support/resolver.ts';
import { locally, post, publicAddress, publicly } from './setup.ts';

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver({ certificate: 'valid' });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await receiver.close();
});

it('K8 a kept socket is only used for the address that this call has checked', async () => {
  const { resolve } = fakeResolver(
    [publicAddress],
    [publicAddress],
    ['8.8.8.8'],
    ['10.0.0.1'],
    [publicAddress],
  );
  const options = publicly(receiver, { resolve });
  const connections: number[] = [];
  for (let n = 0; n < 5; n++) {
    await post(receiver.url, options);
    connections.push(receiver.connections());
  }
  expect(connections).toEqual([1, 1, 2, 2, 2]);
  expect(receiver.requests).toHaveLength(4);
});

it('K8 two hosts on one address share no socket, nor do two organizations', async () => {
  const options = publicly(receiver);
  await post(receiver.url, options);
  const other = await post(receiver.url.replace('hooks', 'other'), options);
  expect(other).toMatchObject({ errorClass: 'tls_wrong_host' });
  await post(receiver.url, options, { partition: 'org_2' });
  await post(receiver.url, options, { partition: 'org_1' });
  expect([receiver.connections(), receiver.requests.length]).toEqual([3, 3]);
});

it('K8 proxies and endpoints of the environment are not asked', async () => {
  const proxy = await startReceiver();
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'AWS_ENDPOINT_URL'];
  for (const name of names) vi.stubEnv(name, `http://127.0.0.1:${proxy.port}`);
  vi.stubEnv('NODE_USE_ENV_PROXY', '1');
  vi.stubEnv('NO_PROXY', '');
  expect(await post(receiver.url, publicly(receiver))).toMatchObject({ status: 200 });
  expect([receiver.requests.length, proxy.connections()]).toEqual([1, 0]);
  await proxy.close();
});

it('K8 without a pool of its own, a call uses the one of the process', async () => {
  const plain = await startReceiver();
  const { pool: _, ...options } = locally();
  await post(plain.url, options);
  await post(plain.url, options);
  expect([plain.connections(), Object.keys(sharedPool().freeSockets)]).toEqual([
    1,
    [`org_1 http://127.0.0.1:${plain.port} 127.0.0.1`],
  ]);
  await plain.close();
});

it('K8 a receiver that keeps connections for a second is not asked to keep them longer', async () => {
  const plain = await startReceiver({ replies: [answer(200, { headers: { 'Keep-Alive': 'timeout=1' } })] });
  const options = locally();
  await post(plain.url, options);
  await post(plain.url, options);
  expect(plain.connections()).toBe(2);
  await plain.close();
});

it('K8 at most 128 idle sockets are kept, the newest ones', { timeout: 20_000 }, async () => {
  const plain = await startReceiver();
  const options = locally({ pool: createPool() });
  for (let n = 0; n < 140; n++) await post(plain.url, options, { partition: `org_${n}` });
  await sleep(20);
  expect(plain.open()).toBe(128);
  await post(plain.url, options, { partition: 'org_139' });
  expect(plain.connections()).toBe(140);
  await post(plain.url, options, { partition: 'org_0' });
  expect(plain.connections()).toBe(141);
  await plain.close();
});

it('K8 a socket in use is never closed for being old', { timeout: 20_000 }, async () => {
  const slow = after(1_500, answer(201));
  const byPartition: Reply = (socket, request) =>
    (request.includes('\r\nX-Slow: 1\r\n') ? slow : answer(200))(socket, request);
  const plain = await startReceiver({ replies: [byPartition] });
  const options = locally();
  await post(plain.url, options, { partition: 'org_old' });
  const inUse = post(plain.url, options, { partition: 'org_old', headers: { 'X-Slow': '1' } });
  for (let n = 0; n < 135; n++) await post(plain.url, options, { partition: `org_${n}` });
  expect(await inUse).toMatchObject({ outcome: 'answered', status: 201 });
  expect(plain.connections()).toBe(136);
  await plain.close();
});

it('J16 a receiver that hangs delays no other', async () => {
  const hanging = await startReceiver({ replies: [() => undefined] });
  const healthy = await startReceiver();
  const options = locally({ limits: { totalMs: 2_000 } });
  const hung = Array.from({ length: 50 }, () => post(hanging.url, options));
  const results = await Promise.all(Array.from({ length: 20 }, () => post(healthy.url, options)));
  for (const result of results) {
    expect(result).toMatchObject({ status: 200 });
    expect(result.latencyMs).toBeLessThan(1_000);
  }
  for (const result of await Promise.all(hung)) expect(result).toMatchObject({ errorClass: 'timeout' });
  await Promise.all([hanging.close(), healthy.close()]);
});
