import { randomUUID } from 'node:crypto';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { clientConfig } from './client-config.ts';
import { env } from './env.ts';
import { stepFunctionsRunner } from './runner.ts';

/** Wakes fan-out, each time by a message of its own: what was written before it must be seen. */
const sqsEvents = (queue: SQSClient, queueUrl = () => env('EVENTS_QUEUE_URL')) => ({
  async wake(organizationId: string) {
    await queue.send(
      new SendMessageCommand({
        QueueUrl: queueUrl(),
        MessageBody: JSON.stringify({ organization_id: organizationId }),
        MessageGroupId: organizationId,
        MessageDeduplicationId: randomUUID(),
      }),
    );
  },
});

/** For what changes state that others are told of. */
export const events = () => ({ events: sqsEvents(new SQSClient(clientConfig)) });

/** For what starts jobs. */
export const dispatch = () => ({ runner: stepFunctionsRunner(new SFNClient(clientConfig)), ...events() });
