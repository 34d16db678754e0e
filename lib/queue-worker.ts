import { Duration } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { NodeFunction } from './node-function.ts';

const kind = { enforceSSL: true, encryption: QueueEncryption.SQS_MANAGED };

/** What could not be handled is kept for two weeks. */
export const deadLetterQueue = (scope: Construct, fifo = false) =>
  new Queue(scope, 'DeadLetters', { ...kind, ...(fifo && { fifo }), retentionPeriod: Duration.days(14) });

/** A queue whose dead letters are kept for two weeks. */
export class DurableQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(
    scope: Construct,
    id: string,
    { fifo, consumerSeconds }: { fifo: boolean; consumerSeconds: number },
  ) {
    super(scope, id);
    this.deadLetters = deadLetterQueue(this, fifo);
    this.queue = new Queue(this, 'Queue', {
      ...kind,
      ...(fifo && { fifo }),
      retentionPeriod: Duration.days(14),
      visibilityTimeout: Duration.seconds(6 * consumerSeconds),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: 5 },
    });
  }

  feeds(worker: NodeFunction, batchSize = 10) {
    worker.addEventSource(new SqsEventSource(this.queue, { batchSize, reportBatchItemFailures: true }));
  }
}
