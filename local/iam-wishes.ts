import type { Wish } from './iam-policy.ts';
import { account, region } from './template.ts';

type Body = Record<string, unknown>;
type Read = (operation: string, body: Body, url: string) => Wish[];

const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:${account}:${rest}`;
const text = (value: unknown) => String(value ?? '');

const tableArn = (name: unknown, index?: unknown) =>
  arn('dynamodb', `table/${text(name)}${index === undefined ? '' : `/index/${text(index)}`}`);

const transactActions: Readonly<Record<string, string>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
};

/** A transaction needs the rights of its items, a batch its own single right. */
const dynamo: Read = (operation, body) => {
  if (operation === 'TransactWriteItems') {
    return (body.TransactItems as Record<string, Body>[]).flatMap((item) =>
      Object.entries(item).map(([kind, { TableName }]) => ({
        action: `dynamodb:${transactActions[kind]}`,
        resource: tableArn(TableName),
      })),
    );
  }
  if (operation.startsWith('Batch')) {
    const tables = Object.keys((body.RequestItems ?? {}) as object);
    return tables.map((name) => ({ action: `dynamodb:${operation}`, resource: tableArn(name) }));
  }
  return [{ action: `dynamodb:${operation}`, resource: tableArn(body.TableName, body.IndexName) }];
};

const sqs: Read = (operation, body) => [
  {
    action: `sqs:${operation.replace(/Batch$/, '')}`,
    resource: arn('sqs', text(body.QueueUrl).split('/').at(-1) ?? ''),
  },
];

const kms: Read = (operation, body) => {
  const context = Object.entries((body.EncryptionContext ?? {}) as Record<string, string>);
  return [
    {
      action: `kms:${operation}`,
      resource: text(body.KeyId),
      context: Object.fromEntries(context.map(([key, value]) => [`kms:EncryptionContext:${key}`, value])),
    },
  ];
};

const byBody =
  (service: string, ...fields: string[]): Read =>
  (operation, body) => [
    { action: `${service}:${operation}`, resource: text(fields.map((field) => body[field]).find(Boolean)) },
  ];

const events: Read = (operation, { Entries }) =>
  (Entries as { EventBusName?: string }[]).map(({ EventBusName = 'default' }) => ({
    action: `events:${operation}`,
    resource: arn('events', `event-bus/${EventBusName}`),
  }));

const lambda: Read = (_, __, url) => {
  const name = decodeURIComponent(/functions\/([^/]+)\//.exec(url)?.[1] ?? '');
  return [
    {
      action: 'lambda:InvokeFunction',
      resource: name.startsWith('arn:') ? name : arn('lambda', `function:${name}`),
    },
  ];
};

const readers: Readonly<Record<string, Read>> = {
  DYNAMODB: dynamo,
  SQS: sqs,
  KMS: kms,
  SFN: byBody('states', 'stateMachineArn', 'executionArn'),
  SECRETS_MANAGER: byBody('secretsmanager', 'SecretId'),
  EVENTBRIDGE: events,
  LAMBDA: lambda,
};

/** What a request of a service asks IAM for; a service that nothing may call yet has no reader. */
export const wishesOf = (service: string, operation: string, body: Body, url: string): Wish[] => {
  const read = readers[service];
  if (!read) throw new Error(`The local IAM does not know ${service}.`);
  return read(operation, body, url);
};
