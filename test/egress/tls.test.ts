import { afterEach, expect, it } from 'vitest';
import { type Receiver, type ReceiverOptions, startReceiver } from '#test/support/receiver.ts';
import { fakeResolver } from '#test/support/resolver.ts';
import { locally, post, publicAddress, publicly } from './setup.ts';

let receiver: Receiver;
const start = async (options: ReceiverOptions) => {
  receiver = await startReceiver(options);
};
afterEach(async () => {
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  await receiver.close();
});

const expectFailure = async (errorClass: string, url = receiver.url, more = {}) => {
  expect(await post(url, publicly(receiver, more))).toMatchObject({ outcome: 'failed', errorClass });
  expect(receiver.requests).toEqual([]);
};

it('J7 a valid certificate of the host, and SNI and Host are the name of the URL', async () => {
  const names: unknown[] = [];
  const SNICallback = (name: string, done: (error: null) => void) => {
    names.push(name);
    done(null);
  };
  await start({ certificate: 'valid', tls: { SNICallback } });
  expect(await post(receiver.url, publicly(receiver))).toMatchObject({ outcome: 'answered', status: 200 });
  expect(names).toEqual(['hooks.example.com']);
  expect(receiver.requests[0]).toContain(`\r\nHost: hooks.example.com:${receiver.port}\r\n`);
});

it('J7 an address as host is compared with the addresses of the certificate', async () => {
  await start({ certificate: 'valid' });
  const url = `https://${publicAddress}:${receiver.port}/`;
  expect(await post(url, publicly(receiver))).toMatchObject({ outcome: 'answered', status: 200 });
  expect(receiver.requests).toHaveLength(1);
  receiver.requests.length = 0;
  await expectFailure('tls_wrong_host', `https://93.184.215.15:${receiver.port}/`);
});

it('J7 an expired certificate', async () => {
  await start({ certificate: 'expired' });
  await expectFailure('tls_expired');
});

it('J7 a self-signed certificate', async () => {
  await start({ certificate: 'self-signed' });
  await expectFailure('tls_untrusted');
});

it('J7 a root that Node does not know', async () => {
  await start({ certificate: 'valid' });
  await expectFailure('tls_untrusted', receiver.url, { ca: undefined });
});

it('J7 a certificate of another host', async () => {
  await start({ certificate: 'valid' });
  await expectFailure('tls_wrong_host', `https://other.example.com:${receiver.port}/`);
});

it.each(['TLSv1', 'TLSv1.1'] as const)('J7 a receiver with %s only', async (version) => {
  const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  await start({ certificate: 'valid', tls: old });
  await expectFailure('tls');
});

it('J7 the hello offers TLS 1.3 and 1.2 only, and HTTP/1.1 only', async () => {
  const hello: Buffer[] = [];
  receiver = await startReceiver({
    onConnection: (socket) => socket.on('data', (chunk) => hello.push(chunk)),
  });
  await post(receiver.url.replace('http:', 'https:').replace('127.0.0.1', 'hooks.example.com'), {
    ...publicly(receiver),
    limits: { tlsMs: 200 },
  });
  const hex = Buffer.concat(hello).toString('hex');
  expect(hex).toContain('002b00050403040303'); // supported_versions
  expect(hex).toContain('0010000b000908687474702f312e31'); // application_layer_protocol_negotiation
});

it('J7 no switch of the environment turns the verification off', async () => {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  await start({ certificate: 'self-signed' });
  await expectFailure('tls_untrusted');
});

it('J9 a receiver that only offers HTTP/2', async () => {
  await start({ certificate: 'valid', tls: { ALPNProtocols: ['h2'] } });
  await expectFailure('tls');
});

it('J7 https to loopback stays refused in local mode', async () => {
  await start({ certificate: 'valid' });
  const rules = { ...locally().rules, ports: [receiver.port] };
  const { resolve } = fakeResolver(['127.0.0.1']);
  await expectFailure('target_not_allowed', `https://127.0.0.1:${receiver.port}/`, { rules });
  await expectFailure('target_not_allowed', `https://localhost:${receiver.port}/`, { rules });
  await expectFailure('target_not_allowed', receiver.url, { rules, resolve });
});
