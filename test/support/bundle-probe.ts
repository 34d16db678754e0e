/** What test/bundles.test.ts reaches inside a bundle: our drivers over the SDK as the Lambdas have it. */
import { KMSClient } from '@aws-sdk/client-kms';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Report } from '#src/domain/report.ts';
import { awsTable } from '#src/lambda/aws-table.ts';
import { clientConfig } from '#src/lambda/client-config.ts';
import { stepFunctionsRunner } from '#src/lambda/runner.ts';
import { sqsDeliveries } from '#src/lambda/senders.ts';
import { isTransient } from '#src/lambda/transient.ts';
import { kmsVault } from '#src/lambda/vault.ts';

export { awsTable, isTransient };
export const runner = () => stepFunctionsRunner(new SFNClient(clientConfig), () => 'arn:machine');
export const vault = () => kmsVault(new KMSClient(clientConfig), () => 'arn:key');
export const deliveries = (url: string, tell: Report) =>
  sqsDeliveries(new SQSClient(clientConfig), () => url, tell);
