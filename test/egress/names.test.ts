import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkAddress } from '#src/egress/address.ts';
import { defaultRules } from '#src/egress/rules.ts';
import { checkTarget } from '#src/egress/target.ts';
import { type Receiver, startReceiver } from '#test/support/receiver.ts';
import { fakeResolver } from '#test/support/resolver.ts';
import { dialReceiver, post, publicAddress, publicly, realClock } from './setup.ts';

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver({ certificate: 'valid' });
});
afterEach(() => receiver.close());

const refusal = {
  outcome: 'failed',
  errorClass: 'target_not_allowed',
  reason: 'The target is not allowed.',
  latencyMs: expect.any(Number),
};
const unresolved = {
  outcome: 'failed',
  errorClass: 'dns',
  reason: 'The name of the host could not be resolved.',
};
const many = (count: number) => Array.from({ length: count }, (_, n) => `93.184.${n >> 8}.${n & 255}`);

describe('what a name answers', () => {
  it('K3 the first answer is public, the second private: each call asks once and judges its own answer', async () => {
    const { resolve, asked } = fakeResolver([publicAddress], ['169.254.169.254']);
    const options = publicly(receiver, { resolve });
    expect(await post(receiver.url, options)).toMatchObject({ outcome: 'answered', status: 200 });
    expect(await post(receiver.url, options)).toEqual(refusal);
    expect(asked).toEqual(['hooks.example.com', 'hooks.example.com']);
    expect(receiver.requests).toHaveLength(1);
  });

  it.each([
    ['A public and AAAA private', [publicAddress, 'fd00::1']],
    ['AAAA public and A private', ['2606:4700::1111', '10.0.0.1']],
    ['one private record of eight', [...many(7), '192.168.0.1']],
    ['a mapped metadata address', ['::ffff:169.254.169.254']],
    ['a name with a private answer', ['10.0.0.1']],
    ['a record that is no address', [publicAddress, 'internal.example']],
    ['a zone', ['fe80::1%eth0']],
  ])('K3 %s is refused before any connection', async (_case, records) => {
    const dialled: string[] = [];
    const dial = (address: string) => {
      dialled.push(address);
      return dialReceiver(receiver)(address, 0);
    };
    const options = publicly(receiver, { resolve: fakeResolver(records).resolve, dial });
    expect(await post(receiver.url, options)).toEqual(refusal);
    expect(dialled).toEqual([]);
  });

  it('K3 the checked address is dialled, of version 4 if there is one', async () => {
    const dialled: unknown[] = [];
    const dial = (address: string, port: number) => {
      dialled.push([address, port]);
      return dialReceiver(receiver)(address, port);
    };
    const { resolve } = fakeResolver(['2606:4700::1111', '8.8.4.4', publicAddress], ['2606:4700:0::1111']);
    await post(receiver.url, publicly(receiver, { resolve, dial }));
    await post(receiver.url, publicly(receiver, { resolve, dial }));
    expect(dialled).toEqual([
      ['8.8.4.4', receiver.port],
      ['2606:4700::1111', receiver.port],
    ]);
  });

  it('K3 a socket that arrives elsewhere is closed before a byte is sent', async () => {
    const bytes: Buffer[] = [];
    await receiver.close();
    receiver = await startReceiver({
      certificate: 'valid',
      onConnection: (socket) => socket.on('data', (chunk: Buffer) => bytes.push(chunk)),
    });
    const elsewhere = publicly(receiver, { dial: dialReceiver(receiver, '127.0.0.1') });
    expect(await post(receiver.url, elsewhere)).toEqual(refusal);
    await expect.poll(receiver.open).toBe(0);
    expect([receiver.connections(), bytes]).toEqual([1, []]);
  });

  it('K12 the own endpoint is refused by its name, AWS names by their private answer', async () => {
    const rules = { ...publicly(receiver).rules, ownHosts: ['hooks.example.com'] };
    expect(await post(receiver.url, publicly(receiver, { rules }))).toEqual(refusal);
    const { resolve } = fakeResolver(['10.0.3.7', '10.0.4.9']);
    const url = `https://sqs.eu-central-1.amazonaws.com:${receiver.port}/`;
    expect(await post(url, publicly(receiver, { resolve }))).toEqual(refusal);
  });

  it('K12 a deployment may open its own networks', async () => {
    const rules = { ...publicly(receiver).rules, allowedNetworks: ['10.0.0.0/16'] };
    const { resolve } = fakeResolver(['10.0.3.7']);
    expect(await post(receiver.url, publicly(receiver, { rules, resolve }))).toMatchObject({ status: 200 });
  });

  it('K3 for any records: dialled is one of them, and only if every one is allowed', async () => {
    const record = fc.oneof(
      fc.constantFrom(publicAddress, '2606:4700::1111', '8.8.4.4'),
      fc.ipV4(),
      fc.ipV6(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 4 }), async (records) => {
        const dialled: string[] = [];
        const dial = (address: string) => {
          dialled.push(address);
          return dialReceiver(receiver)(address, 0);
        };
        const { resolve } = fakeResolver(records);
        const result = await post(receiver.url, publicly(receiver, { resolve, dial }));
        const verdicts = records.map((ip) => checkAddress(ip, defaultRules));
        const may = verdicts.flatMap((verdict) => (verdict.ok ? [verdict.address] : []));
        expect(dialled.length).toBe(may.length === records.length ? 1 : 0);
        for (const address of dialled) expect(may).toContain(address);
        expect(result.outcome).toBe(dialled.length === 1 ? 'answered' : 'failed');
      }),
    );
  });
});

describe('names that do not answer', () => {
  it.each(['NXDOMAIN', 'SERVFAIL'] as const)('K7 %s', async (answer) => {
    const { resolve } = fakeResolver(answer);
    expect(await post(receiver.url, publicly(receiver, { resolve }))).toMatchObject(unresolved);
  });

  it('K7 a stall ends at the limit', async () => {
    const { resolve } = fakeResolver('stall');
    const result = await post(receiver.url, publicly(receiver, { resolve, limits: { dnsMs: 100 } }));
    expect(result).toMatchObject(unresolved);
    expect(result.latencyMs).toBeLessThan(1_500);
  });

  it('K7 10,000 records are too many, 64 are not', async () => {
    const { resolve } = fakeResolver(many(10_000), many(64));
    expect(await post(receiver.url, publicly(receiver, { resolve }))).toMatchObject(unresolved);
    expect(receiver.connections()).toBe(0);
    const ok = fakeResolver(many(64)).resolve;
    expect(await post(receiver.url, publicly(receiver, { resolve: ok }))).toMatchObject({ status: 200 });
  });

  it('K7 a name of 255 bytes is not asked for', async () => {
    const { resolve, asked } = fakeResolver([publicAddress]);
    const name = `${`${'a'.repeat(62)}.`.repeat(4)}aaa`;
    expect(await post(`https://${name}:${receiver.port}/`, publicly(receiver, { resolve }))).toEqual(refusal);
    expect([name.length, asked]).toEqual([255, []]);
  });
});

describe('the check when a URL is stored', () => {
  const check = (text: string, ...records: Parameters<typeof fakeResolver>) =>
    checkTarget(text, { rules: defaultRules, clock: realClock, resolve: fakeResolver(...records).resolve });

  it('K14 says the same as the call', async () => {
    expect(await check('https://a.example/', [publicAddress])).toMatchObject({ ok: true });
    expect(await check('https://a.example/', [publicAddress, '10.0.0.1'])).toEqual(
      { ok: false, issue: 'target_not_allowed' }, //
    );
    expect(await check('https://a.example:22/', [publicAddress])).toEqual({
      ok: false,
      issue: 'port_not_allowed',
    });
    expect(await check('https://a.example/', 'NXDOMAIN')).toEqual({ ok: false, issue: 'dns' });
  });
});

describe('what a refusal tells', () => {
  it.each([
    'https://127.0.0.1:22/',
    'https://127.0.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
    'https://10.0.0.1:6379/',
    'https://user:secret@10.0.0.1/',
    'http://169.254.170.2/v2/credentials',
    'http://127.0.0.1:9001/2018-06-01/runtime/invocation/next',
    'file:///etc/passwd',
    'not a url',
  ])('K13 %s: one class, one sentence, no connection', async (url) => {
    const dial = () => {
      throw new Error('dialled');
    };
    expect(await post(url, publicly(receiver, { dial }))).toEqual(refusal);
  });
});
