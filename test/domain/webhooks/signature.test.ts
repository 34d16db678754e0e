import * as fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { newSecret, signedHeaders, standardKey } from '#src/domain/webhooks/signature.ts';

const message = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  sentAtMs: 1_614_265_330_999,
  body: '{"test": 2432232314}',
};

describe('signatures', () => {
  it('L1 signs the vector of the Standard Webhooks specification', () => {
    expect(signedHeaders(message, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')).toMatchObject({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('L1 signs the raw body with the whole secret string, as the vector of GitHub webhooks has it', () => {
    const headers = signedHeaders({ ...message, body: 'Hello, World!' }, "It's a Secret to Everybody");

    expect(headers['X-Planasonix-Signature']).toBe(
      'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    );
  });

  it.each([
    ['whsec_AQID', '010203'],
    ['AQIDBA==', '01020304'],
    ['AQIDBA', '415149444241'],
    ['whsec_not base64!', '77687365635f6e6f742062617365363421'],
    ['_-_-_-_-', '5f2d5f2d5f2d5f2d'],
  ])('the key of %s is %s', (secret, hex) => {
    expect(standardKey(secret).toString('hex')).toBe(hex);
  });

  it('makes secrets of 32 bytes that the library takes', () => {
    expect(newSecret()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(newSecret()).not.toBe(newSecret());
  });

  const bodies = fc.oneof(
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', '{"n":1.0}', '{"big":12345678901234567890}', '{"b":1,"a":2}', '"\ud83d\ude00é"'),
  );

  it('J3 L1 verifies with the official library for any id, body and secret of ours', () => {
    fc.assert(
      fc.property(fc.uuid(), bodies, fc.uint8Array({ minLength: 16, maxLength: 64 }), (id, body, bytes) => {
        const secret = `whsec_${Buffer.from(bytes).toString('base64')}`;
        const headers = signedHeaders({ id, body, sentAtMs: Date.now() }, secret);

        new Webhook(secret).verify(body, headers, { jsonParse: false });
      }),
    );
  });

  it('J3 L1 verifies with the library in raw format for a secret that is no base64', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!-~]{23,127}$/), bodies, (text, body) => {
        const secret = `${text}-`; // never base64
        const headers = signedHeaders({ id: 'evt_1', body, sentAtMs: Date.now() }, secret);

        new Webhook(secret, { format: 'raw' }).verify(body, headers, { jsonParse: false });
      }),
    );
  });

  it('L1 does not verify with another id, time, body, secret or prefix', () => {
    const secret = newSecret();
    const headers = signedHeaders({ id: 'evt_1', body: '{}', sentAtMs: Date.now() }, secret);
    const verify = (change: object, body = '{}', key = secret) =>
      new Webhook(key).verify(body, { ...headers, ...change }, { jsonParse: false });
    const earlier = String(Number(headers['webhook-timestamp']) - 1);
    const signature = headers['webhook-signature'] ?? '';

    verify({});
    verify({ 'webhook-signature': `v1,AAAA ${signature}` });
    expect(() => verify({ 'webhook-id': 'evt_2' })).toThrow('No matching signature');
    expect(() => verify({ 'webhook-timestamp': earlier })).toThrow('No matching signature');
    expect(() => verify({}, '{ }')).toThrow('No matching signature');
    expect(() => verify({}, '{}', newSecret())).toThrow('No matching signature');
    expect(() => verify({ 'webhook-signature': signature.replace('v1,', 'v2,') })).toThrow(
      'No matching signature',
    );
  });
});
