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

/** What the table's own encryption needs: the key may be used by DynamoDB in the function's name, and not otherwise. */
const tableKey = ({ table, key }: Stored) =>
  new PolicyStatement({
    actions: ['kms:Decrypt'],
    resources: [key.keyArn],
    conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${table.env.region}.amazonaws.com` } },
  });

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

export const keepSecret = (secret: Secret) =>
  new PolicyStatement({
    actions: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
    resources: [secret.secretArn],
  });
