import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it, vi } from 'vitest';
import { eventBus, sqsDeliveries } from '#src/lambda/senders.ts';

const message = (n: number) => ({ organization_id: 'org_1', webhook_id: `wh_${n}`, delivery_id: `whd_${n}` });

describe('the senders', () => {
  it('E6 sends deliveries in batches of ten, grouped by webhook, and tries all batches whatever fails', async () => {
    const sqs = new SQSClient({ region: 'none' });
    const send = vi.spyOn(sqs, 'send').mockImplementation(async () => ({}));
    send.mockImplementationOnce(() => Promise.reject(new Error('down')));
    send.mockImplementationOnce(async () => ({ Failed: [{ Id: '3' }] }));
    const report = vi.fn();

    await sqsDeliveries(sqs, () => 'https://sqs/queue', report).send(
      Array.from({ length: 23 }, (_, n) => ({ ...message(n), ...(n === 22 && { delaySeconds: 300 }) })),
    );

    const entries = send.mock.calls.map(([command]) => (command.input as { Entries: object[] }).Entries);
    expect(entries.map(({ length }) => length)).toEqual([10, 10, 3]);
    expect(entries[2]?.[2]).toEqual({
      Id: '2',
      MessageBody: '{"organization_id":"org_1","webhook_id":"wh_22","delivery_id":"whd_22"}',
      MessageGroupId: 'wh_22',
      DelaySeconds: 300,
    });
    expect(report.mock.calls).toEqual([
      ['send_failed', { reason: 'Error: down' }],
      ['send_failed', { entries: 1 }],
    ]);
  });

  it('puts events on the bus with their own bytes', async () => {
    const client = new EventBridgeClient({ region: 'none' });
    const send = vi.spyOn(client, 'send').mockImplementation(async () => ({ FailedEntryCount: 0 }));

    await eventBus(client, () => 'bus').publish([
      { id: 'evt_1', type: 'job.queued', sequence: 1, body: '{"id":"evt_1"}' },
    ]);

    expect(send.mock.calls[0]?.[0].input).toEqual({
      Entries: [
        { EventBusName: 'bus', Source: 'planasonix', DetailType: 'job.queued', Detail: '{"id":"evt_1"}' },
      ],
    });
  });
});
