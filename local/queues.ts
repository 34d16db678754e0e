import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import { rootCredentials } from './create-table.ts';
import { region, type Templates } from './template.ts';

/** SQS and S3 in memory, on 127.0.0.1 alone. Queues are lost with the process: the sweeper finds what waited in them. */
export const startQueues = async (port: number) => {
  const app = buildApp({ host: '127.0.0.1', logger: false });
  await app.listen({ port, host: '127.0.0.1' });
  return { close: () => app.close() };
};

const attributesOf = ({ RedrivePolicy, ...properties }: Record<string, unknown>) => {
  const names = [
    'VisibilityTimeout',
    'MessageRetentionPeriod',
    'FifoQueue',
    'ContentBasedDeduplication',
    'DelaySeconds',
  ];
  const given = names.flatMap((name) =>
    properties[name] === undefined ? [] : [[name, String(properties[name])]],
  );
  return {
    ...Object.fromEntries(given),
    ...(RedrivePolicy ? { RedrivePolicy: JSON.stringify(RedrivePolicy) } : {}),
  };
};

/** Makes the template's queues, dead letters first. */
export const createQueues = async (templates: Templates, endpoint: string) => {
  const client = new SQSClient({ endpoint, region, credentials: rootCredentials });
  const queues = templates.all('AWS::SQS::Queue');
  const sorted = queues.toSorted(
    (a, b) => Number('RedrivePolicy' in a.properties) - Number('RedrivePolicy' in b.properties),
  );
  for (const { attributes, properties } of sorted) {
    await client.send(
      new CreateQueueCommand({ QueueName: attributes.QueueName, Attributes: attributesOf(properties) }),
    );
  }
  return client;
};
