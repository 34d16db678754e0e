import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { recordOf, succeededMessages } from '#local/event-source-batch.ts';
import type { Invoke } from '#local/invocation.ts';

const MappingProperties = z
  .object({
    EventSourceArn: z.string().regex(/^arn:[^:]+:sqs:/),
    FunctionName: z.string(),
    BatchSize: z.number().default(10),
    Enabled: z.boolean().default(true),
    FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
    ScalingConfig: z.object({ MaximumConcurrency: z.number() }).default({ MaximumConcurrency: 10 }),
    FilterCriteria: z.never({ error: 'The local event sources do not filter.' }).optional(),
  })
  .transform((properties) => ({
    queueArn: properties.EventSourceArn,
    functionName: properties.FunctionName,
    batchSize: Math.min(properties.BatchSize, 10), // one receive
    isEnabled: properties.Enabled,
    reportsItemFailures: properties.FunctionResponseTypes.length > 0,
    maxConcurrency: properties.ScalingConfig.MaximumConcurrency,
  }));

export type EventSourceMapping = z.infer<typeof MappingProperties>;

/** Reads the resolved properties of an `AWS::Lambda::EventSourceMapping` of a queue. */
export const readEventSourceMapping = (properties: unknown): EventSourceMapping =>
  MappingProperties.parse(properties);

export type EventSourcesOptions = {
  mappings: readonly EventSourceMapping[];
  client: SQSClient;
  queueUrl(queueArn: string): string;
  invoke: Invoke;
  onError?: (error: unknown, mapping: EventSourceMapping) => void;
};

const stopLimitMs = 900;
const pauseAfterErrorMs = 1_000;

const receive = async (
  client: SQSClient,
  QueueUrl: string,
  mapping: EventSourceMapping,
  abortSignal: AbortSignal,
) => {
  const command = new ReceiveMessageCommand({
    QueueUrl,
    MaxNumberOfMessages: mapping.batchSize,
    WaitTimeSeconds: 20,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
  });
  return (await client.send(command, { abortSignal })).Messages ?? [];
};

const remove = async (client: SQSClient, QueueUrl: string, messages: readonly Message[]) => {
  if (messages.length === 0) return;
  const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  const { Failed = [] } = await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  if (Failed.length > 0) throw new Error(`Not deleted: ${Failed.map(({ Message }) => Message).join('; ')}`);
};

/** One mapping's poller: one long poll at a time, up to `maxConcurrency` batches in work. */
const poller = (mapping: EventSourceMapping, options: EventSourcesOptions, signal: AbortSignal) => {
  const { client, invoke } = options;
  const url = options.queueUrl(mapping.queueArn);
  const working = new Set<Promise<void>>();

  const report = (error: unknown) => {
    if (!signal.aborted) options.onError?.(error, mapping);
  };
  const work = async (messages: Message[]) => {
    const Records = messages.map((message) => recordOf(message, mapping.queueArn));
    const result = await invoke(mapping.functionName, { Records });
    await remove(client, url, succeededMessages(messages, result, mapping.reportsItemFailures));
  };
  const begin = (messages: Message[]) => {
    const batch: Promise<void> = work(messages)
      .catch(report)
      .finally(() => working.delete(batch));
    working.add(batch);
  };
  const poll = async () => {
    if (working.size >= mapping.maxConcurrency) await Promise.race(working);
    const messages = await receive(client, url, mapping, signal);
    if (messages.length > 0) begin(messages);
  };
  const loop = async () => {
    while (!signal.aborted) {
      await poll().catch((error) => {
        report(error);
        return sleep(pauseAfterErrorMs, undefined, { signal }).catch(() => {});
      });
    }
    await Promise.all(working);
  };
  return loop();
};

/** Lambda's SQS pollers. What a function does not settle stays in the queue until its visibility time is over. */
export const createEventSources = (options: EventSourcesOptions) => {
  const abort = new AbortController();
  let pollers: Promise<void>[] = [];
  return {
    start: () => {
      const enabled = options.mappings.filter(({ isEnabled }) => isEnabled);
      pollers = enabled.map((mapping) => poller(mapping, options, abort.signal));
    },
    /** Ends the long polls at once, and waits a moment for batches in work; it never takes longer than a second. */
    stop: async () => {
      abort.abort();
      await Promise.race([Promise.allSettled(pollers), sleep(stopLimitMs, undefined, { ref: false })]);
    },
  };
};
