import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type MessageAttributeValue,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSBatchItemFailure, SQSRecord } from 'aws-lambda';
import { buildApp } from 'fauxqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createEventSources, readEventSourceMapping } from '#local/event-sources.ts';
import { failed, type Invocation } from '#local/invocation.ts';

const functionName = 'arn:aws:lambda:eu-west-1:000000000000:function:consume';
const app = buildApp({ logger: false, host: '127.0.0.1' });
let client: SQSClient;
let endpoint: string;

beforeAll(async () => {
  endpoint = await app.listen({ port: 0, host: '127.0.0.1' });
  client = new SQSClient({
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});
afterAll(async () => {
  client.destroy();
  await app.close();
});

const queueUrl = (queueArn: string) => `${endpoint}/000000000000/${queueArn.split(':').at(-1)}`;
const queue = async (name: string, Attributes = {}) => {
  await client.send(
    new CreateQueueCommand({ QueueName: name, Attributes: { VisibilityTimeout: '1', ...Attributes } }),
  );
  return `arn:aws:sqs:eu-west-1:000000000000:${name}`;
};
const send = (
  queueArn: string,
  body: string,
  more: {
    MessageGroupId?: string;
    MessageDeduplicationId?: string;
    MessageAttributes?: Record<string, MessageAttributeValue>;
  } = {},
) => client.send(new SendMessageCommand({ QueueUrl: queueUrl(queueArn), MessageBody: body, ...more }));
const left = async (queueArn: string) => {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl(queueArn), AttributeNames: [...names] });
  const { Attributes = {} } = await client.send(command);
  return names.reduce((sum, name) => sum + Number(Attributes[name]), 0);
};
const until = async (isTrue: () => boolean | Promise<boolean>) => {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 10));
};

const started: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((sources) => sources.stop()));
});

const consume = (
  queueArn: string,
  invoke: (records: SQSRecord[], name: string) => Promise<Invocation> | Invocation,
  more = {},
) => {
  const errors: unknown[] = [];
  const sources = createEventSources({
    mappings: [
      readEventSourceMapping({
        EventSourceArn: queueArn,
        FunctionName: functionName,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ...more,
      }),
    ],
    client,
    queueUrl,
    invoke: async (name, payload) => invoke((payload as { Records: SQSRecord[] }).Records, name),
    onError: (error) => errors.push(error),
  });
  sources.start();
  started.push(sources);
  return { sources, errors };
};
const failing = (...batchItemFailures: SQSBatchItemFailure[]): Invocation => ({
  payload: { batchItemFailures },
});
const bodies = (records: SQSRecord[]) => records.map(({ body }) => body);

describe('event sources', () => {
  it('give a function its records and delete what it has settled', async () => {
    const queueArn = await queue('records');
    const seen: { records: SQSRecord[]; name: string }[] = [];
    consume(queueArn, (records, name) => {
      seen.push({ records, name });
      return { payload: null };
    });
    await send(queueArn, 'hello', {
      MessageAttributes: { trace: { DataType: 'String', StringValue: 't1' } },
    });
    await until(async () => seen.length > 0 && (await left(queueArn)) === 0);

    expect(seen).toMatchObject([
      {
        name: functionName,
        records: [
          {
            body: 'hello',
            messageId: expect.any(String),
            attributes: { ApproximateReceiveCount: '1', SentTimestamp: expect.any(String) },
            messageAttributes: { trace: { stringValue: 't1', dataType: 'String' } },
            eventSource: 'aws:sqs',
            eventSourceARN: queueArn,
            awsRegion: 'eu-west-1',
          },
        ],
      },
    ]);
  });

  it('leave the messages that a partial answer names', async () => {
    const queueArn = await queue('partial');
    for (const body of ['a', 'b', 'c']) await send(queueArn, body);
    const seen: string[][] = [];
    consume(queueArn, (records) => {
      seen.push(bodies(records));
      return failing(
        ...records.filter(({ body }) => body === 'b').map(({ messageId }) => ({ itemIdentifier: messageId })),
      );
    });
    await until(() => seen.flat().filter((body) => body === 'b').length >= 2);

    expect(seen.flat().sort()).toEqual(['a', 'b', 'b', 'c']);
  });

  it.each([
    ['a function that fails', failed({ errorType: 'Error', errorMessage: 'no' })],
    ['an id that was not in the batch', failing({ itemIdentifier: 'unknown' })],
    ['an empty id', failing({ itemIdentifier: '' })],
    ['another shape', { payload: { batchItemFailures: [{ id: 1 }] } }],
  ])('leave the whole batch after %s', async (name, answer) => {
    const queueArn = await queue(name.replaceAll(' ', '-'));
    await send(queueArn, 'a');
    let calls = 0;
    consume(queueArn, () => {
      calls += 1;
      return calls === 1 ? answer : { payload: {} };
    });
    await until(() => calls === 1);
    expect(await left(queueArn)).toBe(1);
    await until(async () => (await left(queueArn)) === 0);

    expect(calls).toBe(2);
  });

  it('ignore a partial answer where the mapping does not ask for one', async () => {
    const queueArn = await queue('plain');
    await send(queueArn, 'a');
    let calls = 0;
    consume(queueArn, () => failing({ itemIdentifier: `x${calls++}` }), { FunctionResponseTypes: undefined });
    await until(async () => calls > 0 && (await left(queueArn)) === 0);

    expect(calls).toBe(1);
  });

  it('keep a FIFO group in order while another group goes on', async () => {
    const queueArn = await queue('order.fifo', { FifoQueue: 'true' });
    for (const body of ['a1', 'a2', 'a3', 'b1']) {
      await send(queueArn, body, { MessageGroupId: body.slice(0, 1), MessageDeduplicationId: body });
    }
    const seen: string[] = [];
    let refusals = 1;
    consume(
      queueArn,
      (records) => {
        if (bodies(records)[0] === 'a1' && refusals-- > 0)
          return failed({ errorType: 'Error', errorMessage: '' });
        seen.push(...bodies(records));
        return { payload: null };
      },
      { BatchSize: 1 },
    );
    await until(() => seen.length === 4);

    expect(seen).toEqual(['b1', 'a1', 'a2', 'a3']);
  });

  it('run no more batches at once than the mapping allows', async () => {
    const queueArn = await queue('limited', { VisibilityTimeout: '30' });
    for (let index = 0; index < 6; index++) await send(queueArn, String(index));
    let active = 0;
    let most = 0;
    let done = 0;
    consume(
      queueArn,
      async () => {
        most = Math.max(most, ++active);
        await new Promise((resolve) => setTimeout(resolve, 50));
        active -= 1;
        done += 1;
        return { payload: null };
      },
      { BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } },
    );
    await until(() => done === 6);

    expect(most).toBe(2);
  });

  it('report a queue that is not there and go on', async () => {
    const { errors } = consume('arn:aws:sqs:eu-west-1:000000000000:late', () => ({ payload: null }));
    await until(() => errors.length > 0);
    const queueArn = await queue('late');
    await send(queueArn, 'a');
    await until(async () => (await left(queueArn)) === 0);

    expect(errors.length).toBeLessThan(4);
  });

  it('stop within a second, in a long poll and while a function hangs', async () => {
    const queueArn = await queue('stop');
    let calls = 0;
    const { sources, errors } = consume(queueArn, () => {
      calls += 1;
      return new Promise<Invocation>(() => {});
    });
    await send(queueArn, 'a');
    await until(() => calls === 1);
    const before = performance.now();
    await sources.stop();

    expect(performance.now() - before).toBeLessThan(1_000);
    await send(queueArn, 'b');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(calls).toBe(1);
    expect(errors).toEqual([]);
  });

  it('are refused with a filter, and a disabled mapping is not polled', async () => {
    const queueArn = await queue('disabled');
    let calls = 0;
    consume(queueArn, () => ({ payload: calls++ }), { Enabled: false });
    await send(queueArn, 'a');
    await new Promise((resolve) => setTimeout(resolve, 50));

    expect(calls).toBe(0);
    expect(() =>
      readEventSourceMapping({
        EventSourceArn: queueArn,
        FunctionName: functionName,
        FilterCriteria: { Filters: [] },
      }),
    ).toThrow('do not filter');
  });
});
