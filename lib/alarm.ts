import { Alarm, type AlarmProps, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

export type ImpactAlarmProps = Pick<AlarmProps, 'metric' | 'threshold'> & {
  topic: ITopic;
  /** What the user loses while this lasts. */
  errorImpact: string;
  /** Where to look first. */
  nextStep: string;
  missing?: TreatMissingData;
  comparison?: ComparisonOperator;
};

/** An alarm that must say what the user loses and what to do. */
export class ImpactAlarm extends Alarm {
  constructor(scope: Construct, id: string, props: ImpactAlarmProps) {
    const { topic, errorImpact, nextStep, missing = TreatMissingData.NOT_BREACHING, ...alarm } = props;
    const comparison = props.comparison ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD;
    super(scope, id, {
      metric: alarm.metric,
      threshold: alarm.threshold,
      comparisonOperator: comparison,
      evaluationPeriods: 1,
      treatMissingData: missing,
      alarmDescription: `${errorImpact} Next: ${nextStep}`,
    });
    this.addAlarmAction(new SnsAction(topic));
  }
}
