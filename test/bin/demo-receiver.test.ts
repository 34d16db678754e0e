import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signedHeaders } from '#src/domain/webhooks/signature.ts';
import { startReceiver } from '../../bin/demo/receiver.ts';

let receiver: Awaited<ReturnType<typeof startReceiver>>;
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const body = (id: string) =>
  JSON.stringify({ id, type: 'job.queued', data: { job_id: 'job_1', links: { execution: null } } });

beforeAll(async () => {
  receiver = await startReceiver();
  receiver.useSecret(secret);
});
afterAll(() => receiver.stop());

/** Sends an event whose signatures are then changed; says whether the demo counts it as verified. */
const verified = async (id: string, change: Record<string, string> = {}) => {
  const headers = { ...signedHeaders({ id, sentAtMs: Date.now(), body: body(id) }, secret), ...change };
  await fetch(receiver.url, { method: 'POST', headers, body: body(id) });
  return receiver.events().find((event) => event.id === id)?.isVerified;
};

describe('the receiver of the demo', () => {
  it('counts an event that is signed both ways', async () => {
    expect(await verified('evt_good')).toBe(true);
  });

  it.each([
    ['the standard signature', { 'webhook-signature': 'v1,AAAA' }],
    ['the hex signature', { 'X-Planasonix-Signature': 'sha256=00' }],
    ['the id', { 'webhook-id': 'evt_other' }],
    ['the time, ten minutes ago', { 'webhook-timestamp': String(Math.floor(Date.now() / 1000) - 600) }],
  ])('does not count one that is wrong in %s', async (name, change) => {
    expect(await verified(`evt_${name.length}`, change)).toBe(false);
  });
});
