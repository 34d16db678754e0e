import type { Execution } from '#local/step-functions/execution.ts';

/** The event that Step Functions puts on the default bus; a rule on `aws.states` gets it. */
export const statusChangeEvent = (execution: Execution) => ({
  source: 'aws.states',
  'detail-type': 'Step Functions Execution Status Change',
  resources: [execution.arn],
  detail: {
    executionArn: execution.arn,
    stateMachineArn: execution.machine.arn,
    name: execution.name,
    status: execution.status,
    startDate: execution.startedAt,
    stopDate: execution.endedAt ?? null,
    input: execution.input,
    inputDetails: { included: true },
    output: execution.output ?? null,
    outputDetails: execution.output === undefined ? null : { included: true },
    error: execution.error ?? null,
    cause: execution.cause ?? null,
  },
});
