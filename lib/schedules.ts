import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { invoke, sendTo } from './grants.ts';
import type { NodeFunction } from './node-function.ts';
import { deadLetterQueue } from './queue-worker.ts';

/** Calls a function every minute; a call that could not be made is kept as a dead letter. */
export class EveryMinute extends Construct {
  readonly deadLetters: Queue;
  readonly target: NodeFunction;

  constructor(scope: Construct, id: string, target: NodeFunction) {
    super(scope, id);
    this.target = target;
    this.deadLetters = deadLetterQueue(this);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com'),
      inlinePolicies: {
        access: new PolicyDocument({ statements: [invoke(target), sendTo(this.deadLetters)] }),
      },
    });
    const group = new CfnScheduleGroup(this, 'Group', {});
    new CfnSchedule(this, 'Schedule', {
      groupName: group.ref,
      scheduleExpression: 'rate(1 minute)',
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: target.functionArn,
        roleArn: role.roleArn,
        input: '{}',
        deadLetterConfig: { arn: this.deadLetters.queueArn },
        retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
      },
    });
  }
}
