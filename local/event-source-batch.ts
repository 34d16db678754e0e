import type { Message } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import type { Invocation } from '#local/invocation.ts';

const attributesOf = (message: Message) =>
  Object.fromEntries(
    Object.entries(message.MessageAttributes ?? {}).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      {
        dataType: DataType ?? 'String',
        ...(StringValue !== undefined && { stringValue: StringValue }),
        ...(BinaryValue && { binaryValue: Buffer.from(BinaryValue).toString('base64') }),
      },
    ]),
  );

/** A message as a function finds it in `event.Records`. */
export const recordOf = (message: Message, queueArn: string): SQSRecord => ({
  messageId: message.MessageId ?? '',
  receiptHandle: message.ReceiptHandle ?? '',
  body: message.Body ?? '',
  attributes: (message.Attributes ?? {}) as unknown as SQSRecord['attributes'],
  messageAttributes: attributesOf(message),
  md5OfBody: message.MD5OfBody ?? '',
  eventSource: 'aws:sqs',
  eventSourceARN: queueArn,
  awsRegion: queueArn.split(':')[3] ?? '',
});

const BatchReply = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish() })
  .nullable();

/**
 * The messages to delete. A failed function keeps them all; so does, by Lambda's rule, a partial answer that is
 * malformed or names a message that was not in the batch.
 */
export const succeededMessages = (
  messages: readonly Message[],
  { payload, functionError }: Invocation,
  reportsItemFailures: boolean,
): Message[] => {
  if (functionError) return [];
  if (!reportsItemFailures) return [...messages];
  const reply = BatchReply.safeParse(payload);
  if (!reply.success) return [];
  const failed = new Set(reply.data?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier));
  const succeeded = messages.filter(({ MessageId = '' }) => !failed.has(MessageId));
  return succeeded.length + failed.size === messages.length ? succeeded : [];
};
