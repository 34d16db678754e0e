import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Bus, Deliveries } from '#src/domain/events/fan-out.ts';
import type { Report } from '#src/domain/report.ts';
import { clientConfig } from './client-config.ts';
import { env } from './env.ts';
import { report } from './report.ts';

const batchMax = 10;

const batches = <T>(all: readonly T[]) =>
  Array.from({ length: Math.ceil(all.length / batchMax) }, (_, n) =>
    all.slice(n * batchMax, (n + 1) * batchMax),
  );

/** All batches are tried; those that failed are told of, and left to `due` or to the feed. */
const sendAll = async <T>(
  all: readonly T[],
  send: (batch: readonly T[]) => Promise<number>,
  tell: Report,
): Promise<void> => {
  const results = await Promise.allSettled(batches(all).map(send));
  for (const result of results) {
    if (result.status === 'rejected') tell('send_failed', { reason: String(result.reason) });
    else if (result.value > 0) tell('send_failed', { entries: result.value });
  }
};

/** The deliveries queue: the webhook is the group of a fair queue, so that a slow one holds up no other. */
export const sqsDeliveries = (sqs: SQSClient, queueUrl: () => string, tell: Report = report): Deliveries => ({
  send: (messages) =>
    sendAll(
      messages,
      async (batch) => {
        const { Failed } = await sqs.send(
          new SendMessageBatchCommand({
            QueueUrl: queueUrl(),
            Entries: batch.map(({ delaySeconds, ...message }, index) => ({
              Id: String(index),
              MessageBody: JSON.stringify(message),
              MessageGroupId: message.webhook_id,
              ...(delaySeconds !== undefined && { DelaySeconds: delaySeconds }),
            })),
          }),
        );
        return Failed?.length ?? 0;
      },
      tell,
    ),
});

/** The deployment's event bus: every event with the bytes of its feed item. */
export const eventBus = (client: EventBridgeClient, busName: () => string, tell: Report = report): Bus => ({
  publish: (events) =>
    sendAll(
      events,
      async (batch) => {
        const { FailedEntryCount } = await client.send(
          new PutEventsCommand({
            Entries: batch.map(({ type, body }) => ({
              EventBusName: busName(),
              Source: 'planasonix',
              DetailType: type,
              Detail: body,
            })),
          }),
        );
        return FailedEntryCount ?? 0;
      },
      tell,
    ),
});

/** For what sends deliveries. */
export const deliveries = () => sqsDeliveries(new SQSClient(clientConfig), () => env('DELIVERIES_QUEUE_URL'));

/** For what tells the deployment's bus. */
export const bus = () => eventBus(new EventBridgeClient(clientConfig), () => env('EVENT_BUS_NAME'));
