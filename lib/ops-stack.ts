import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import {
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { ImpactAlarm, type ImpactAlarmProps } from './alarm.ts';
import type { ApiStack } from './api-stack.ts';
import type { Stage } from './stage.ts';
import type { WorkflowsStack } from './workflows-stack.ts';

export type OpsStackProps = StackProps & { stage: Stage; workflows: WorkflowsStack; api: ApiStack };

/** Who is told, of what, and one page to look at. */
export class OpsStack extends Stack {
  private readonly topic: Topic;

  constructor(scope: Construct, id: string, props: OpsStackProps) {
    super(scope, id, props);
    this.topic = new Topic(this, 'Alarms', { enforceSSL: true });
    if (props.stage.alarmEmail) this.topic.addSubscription(new EmailSubscription(props.stage.alarmEmail));
    this.queues(props.workflows);
    this.jobs(props.workflows);
    this.gateway(props.api);
    this.dashboard(props);
    new CfnOutput(this, 'AlarmTopicArn', { value: this.topic.topicArn });
  }

  private alarm(id: string, props: Omit<ImpactAlarmProps, 'topic'>) {
    return new ImpactAlarm(this, id, { topic: this.topic, ...props });
  }

  private queues({ events, deliveries, sweep, ended }: WorkflowsStack) {
    const waiting = { threshold: 1 };
    this.alarm('EventsDead', {
      metric: events.deadLetters.metricApproximateNumberOfMessagesVisible(),
      ...waiting,
      errorImpact: 'Events of an organization reach feed and webhooks late.',
      nextStep: 'read the log of fan-out, then redrive the dead letters.',
    });
    this.alarm('DeliveriesDead', {
      metric: deliveries.deadLetters.metricApproximateNumberOfMessagesVisible(),
      ...waiting,
      errorImpact: 'Webhooks arrive late: their messages could not be handled.',
      nextStep: 'read the log of deliver-webhook, then redrive the dead letters.',
    });
    this.alarm('SweepDead', {
      metric: sweep.deadLetters.metricApproximateNumberOfMessagesVisible(),
      ...waiting,
      errorImpact: 'Lost executions, waiting jobs and unsent events are found late.',
      nextStep: 'see why sweep-due could not be called; the dead letters say it.',
    });
    this.alarm('EndedBadlyDead', {
      metric: ended.deadLetters.metricApproximateNumberOfMessagesVisible(),
      ...waiting,
      errorImpact: 'Jobs whose execution was ended from outside stay running for some minutes.',
      nextStep: 'see why end-execution could not be called; the dead letters say it.',
    });
    this.alarm('DeliveriesOld', {
      metric: deliveries.queue.metricApproximateAgeOfOldestMessage(),
      threshold: 900,
      errorImpact: 'Webhooks arrive more than 15 minutes late.',
      nextStep: 'look at the concurrency and the log of deliver-webhook.',
    });
  }

  private jobs({ machine, sweep }: WorkflowsStack) {
    this.alarm('SweepSilent', {
      metric: sweep.target.metricInvocations({ period: Duration.minutes(15), statistic: Stats.SUM }),
      threshold: 1,
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
      missing: TreatMissingData.BREACHING,
      errorImpact: 'Nothing repairs what a crash left: jobs may hang and events wait.',
      nextStep: 'see the schedule of sweep-due and its errors.',
    });
    this.alarm('SweepFails', {
      metric: sweep.target.metricErrors({ period: Duration.minutes(5), statistic: Stats.SUM }),
      threshold: 3,
      errorImpact: 'Lost executions, waiting jobs and unsent events are found late.',
      nextStep: 'read the log of sweep-due.',
    });
    this.alarm('ExecutionsTimedOut', {
      metric: machine.metricTimedOut(),
      threshold: 1,
      errorImpact: 'A job lost its execution; it goes back to the queue and finishes late.',
      nextStep: 'open the execution in the Step Functions console.',
    });
  }

  private gateway({ api }: ApiStack) {
    this.alarm('ApiFails', {
      metric: api.metricServerError({ period: Duration.minutes(5), statistic: Stats.SUM }),
      threshold: 5,
      errorImpact: 'Callers are answered 5xx: triggers are refused and must be retried.',
      nextStep: 'search the API log for the request ids of the errors.',
    });
  }

  private dashboard({ stage, workflows, api }: OpsStackProps) {
    const { machine, events, deliveries } = workflows;
    new Dashboard(this, 'Dashboard', { dashboardName: `${stage.prefix}-orchestration` }).addWidgets(
      new GraphWidget({
        title: 'API',
        left: [api.api.metricCount(), api.api.metricServerError()],
        right: [api.api.metricLatency()],
      }),
      new GraphWidget({
        title: 'Jobs',
        left: [machine.metricStarted(), machine.metricSucceeded(), machine.metricFailed()],
      }),
      new GraphWidget({
        title: 'Oldest message (s)',
        left: [
          events.queue.metricApproximateAgeOfOldestMessage(),
          deliveries.queue.metricApproximateAgeOfOldestMessage(),
        ],
      }),
    );
  }
}
