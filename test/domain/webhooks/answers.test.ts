import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postGuarded } from '#src/egress/post.ts';
import { defaultRules } from '#src/egress/rules.ts';
import { systemClock } from '#src/lambda/clock.ts';
import { startTable } from '../../support/dynamo.ts';
import { eventsWorld, jobEvent } from '../../support/events-world.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { answer, inTurn, type Reply, raw, reset } from '../../support/replies.ts';

let started: Awaited<ReturnType<typeof startTable>>;
let receiver: Receiver;
beforeAll(async () => {
  started = await startTable();
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver.close();
  await started.stop();
});

/** What one delivery came to whose receiver gave this answer, through the guarded client and a real socket. */
const deliveredTo = async (reply: Reply) => {
  receiver.script(reply);
  const world = eventsWorld(started.table);
  const rules = { ...defaultRules, allowLoopbackHttp: true };
  world.services.post = (request) => postGuarded(request, { rules, clock: systemClock });
  const webhook = await world.addWebhook({ url: receiver.url, events: ['job.*'] });
  await world.commit(jobEvent('job.succeeded'));
  world.wakes.push(world.organizationId);
  const before = receiver.requests.length;
  await world.pump();
  const [delivery] = await world.deliveriesOf(webhook.id);
  return { delivery, requests: receiver.requests.slice(before), world, webhook };
};

const redirect = (status: number) =>
  answer(status, { headers: { Location: 'http://169.254.169.254/latest/meta-data/' } });

describe('J4 what an answer makes of a delivery', () => {
  it.each([200, 201, 204, 299])('J4 %d is success', async (status) => {
    const { delivery } = await deliveredTo(answer(status));

    expect(delivery).toMatchObject({ status: 'delivered', http_status: status, attempt: 1 });
  });

  it.each([300, 301, 302, 303, 304, 307, 308])('J4 %d is a failure and not followed', async (status) => {
    const { delivery, requests } = await deliveredTo(redirect(status));

    expect(delivery).toMatchObject({ status: 'failed', http_status: status, last_error: `HTTP ${status}` });
    expect(requests).toHaveLength(1);
  });

  it.each([400, 401, 404, 422, 429, 500, 502, 503])('J4 %d is tried again', async (status) => {
    const { delivery } = await deliveredTo(answer(status, { body: 'sorry' }));

    expect(delivery).toMatchObject({
      status: 'failed',
      http_status: status,
      attempts: [{ http_status: status, excerpt: 'sorry' }],
    });
  });

  it('J4 410 disables', async () => {
    const { delivery, world } = await deliveredTo(answer(410));

    expect(delivery).toMatchObject({ status: 'exhausted', http_status: 410 });
    expect(world.reports).toContain('webhook_disabled');
  });

  it('J4 429 with Retry-After slows down', async () => {
    const { delivery, world } = await deliveredTo(answer(429, { headers: { 'Retry-After': '8' } }));

    expect(delivery?.next_attempt_at).toBe(world.clock.now() + 8_000);
  });

  it('J4 1xx and then 200 is success', async () => {
    const { delivery } = await deliveredTo(inTurn(answer(103), answer(200)));

    expect(delivery).toMatchObject({ status: 'delivered', http_status: 200 });
  });

  it('J4 an invalid status line is a failure', async () => {
    const { delivery } = await deliveredTo(raw('HTTP/1.1 OK fine\r\n\r\n'));

    expect(delivery).toMatchObject({ status: 'failed', attempts: [{ error_class: 'protocol' }] });
  });

  it('J1 200 that dies on the way is a failure', async () => {
    const { delivery } = await deliveredTo(
      inTurn(raw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok'), reset),
    );

    expect(delivery).toMatchObject({ status: 'failed', attempts: [{ error_class: 'reset' }] });
  });

  it('sends the body of the feed with our headers', async () => {
    const { requests, world } = await deliveredTo(answer(200));

    const [feed] = await world.feed();
    const [head = '', body = ''] = (requests[0] ?? '').split('\r\n\r\n');
    expect(Buffer.from(body, 'latin1').toString()).toBe(feed?.body);
    expect(head.toLowerCase()).toContain('content-type: application/json');
    expect(head.toLowerCase()).toContain('user-agent: planasonix-webhooks/1');
  });
});
