import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';

type Stored = { table: TableV2; key: IKey };

const reads = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'];
const writes = [
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
  'dynamodb:DeleteItem',
  'dynamodb:ConditionCheckItem',
];

/** A service may use the key in the function's name, and the function itself may not. */
const keyThrough = (service: string, actions: string[], key: IKey, region: string) =>
  new PolicyStatement({
    actions,
    resources: [key.keyArn],
    conditions: { StringEquals: { 'kms:ViaService': hostsOf(service, region) } },
  });

const hostsOf = (service: string, region: string) => {
  const host = `${service}.${region}.amazonaws.com`;
  return region.startsWith('cn-') ? [host, `${host}.cn`] : host;
};

const tableKey = ({ table, key }: Stored) => keyThrough('dynamodb', ['kms:Decrypt'], key, table.env.region);

export const readTable = (stored: Stored) => [
  new PolicyStatement({ actions: reads, resources: [stored.table.tableArn] }),
  tableKey(stored),
];
export const writeTable = (stored: Stored) => [
  new PolicyStatement({ actions: [...reads, ...writes], resources: [stored.table.tableArn] }),
  tableKey(stored),
];
export const readDue = ({ table }: Stored) =>
  new PolicyStatement({ actions: ['dynamodb:Query'], resources: [`${table.tableArn}/index/due`] });

/** Sealed secrets are bound to their purpose, and the role to one purpose. */
const secretsOf = (action: string) => (key: IKey, purpose: 'connection' | 'webhook') =>
  new PolicyStatement({
    actions: [action],
    resources: [key.keyArn],
    conditions: { StringEquals: { 'kms:EncryptionContext:purpose': purpose } },
  });
export const sealSecrets = secretsOf('kms:Encrypt');
export const openSecrets = secretsOf('kms:Decrypt');

/** By ARN, since the machine's own Tasks may start executions of it. */
export const runJobs = (machineArn: string, executions: string) => [
  new PolicyStatement({ actions: ['states:StartExecution'], resources: [machineArn] }),
  new PolicyStatement({ actions: ['states:DescribeExecution'], resources: [executions] }),
];

export const sendTo = (queue: IQueue) =>
  new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [queue.queueArn] });

export const invoke = (fn: IFunction) =>
  new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [fn.functionArn] });

export const putEvents = (bus: EventBus) =>
  new PolicyStatement({ actions: ['events:PutEvents'], resources: [bus.eventBusArn] });

/** Read and rewrite one secret that the key encrypts. */
export const keepSecret = (secret: Secret, key: IKey) => [
  new PolicyStatement({
    actions: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
    resources: [secret.secretArn],
  }),
  keyThrough('secretsmanager', ['kms:Decrypt', 'kms:GenerateDataKey'], key, secret.env.region),
];
