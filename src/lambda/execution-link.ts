import { env } from './env.ts';

const consoles: Readonly<Record<string, string>> = {
  aws: 'console.aws.amazon.com',
  'aws-us-gov': 'console.amazonaws-us-gov.com',
  'aws-cn': 'console.amazonaws.cn',
};

/** The ARN of an execution of the job machine. */
export const executionArn = (name: string, machineArn = env('JOB_STATE_MACHINE_ARN')) =>
  `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;

/** The page of the Step Functions console that shows an execution. */
export const executionLink = (name: string, machineArn = env('JOB_STATE_MACHINE_ARN')) => {
  const [, partition = 'aws', , region = ''] = machineArn.split(':');
  const host = `${region}.${consoles[partition] ?? consoles.aws}`;
  return `https://${host}/states/home?region=${region}#/v2/executions/details/${executionArn(name, machineArn)}`;
};
