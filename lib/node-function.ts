import { Duration } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type CfnFunction,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { bundleOf } from './entries.ts';
import type { Network } from './network.ts';

export type NodeFunctionProps = {
  entry: string;
  bundles: string;
  description: string;
  logGroup: ILogGroup;
  statements?: PolicyStatement[];
  environment?: Record<string, string>;
  timeoutSeconds?: number;
  memoryMb?: number;
  network?: Network | undefined;
};

/** A Lambda with the house defaults and a role that holds just what it is given; callers say what differs. */
export class NodeFunction extends LambdaFunction {
  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    const { entry, bundles, statements = [], timeoutSeconds = 10, memoryMb = 256, network } = props;
    super(scope, id, {
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(`${bundles}/${bundleOf(entry)}`),
      description: props.description,
      timeout: Duration.seconds(timeoutSeconds),
      memorySize: memoryMb,
      loggingFormat: LoggingFormat.JSON,
      logGroup: props.logGroup,
      environment: props.environment ?? {},
      role: roleOf(scope, id, [...statements, ...observing(props.logGroup)], network !== undefined),
      ...network,
    });
    (this.node.defaultChild as CfnFunction).tracingConfig = { mode: 'Active' };
  }
}

const roleOf = (scope: Construct, id: string, statements: PolicyStatement[], inVpc: boolean) =>
  new Role(scope, `${id}Role`, {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: { access: new PolicyDocument({ statements }) },
    managedPolicies: inVpc
      ? [ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSLambdaVPCAccessExecutionRole')]
      : [],
  });

const observing = (logGroup: ILogGroup) => [
  new PolicyStatement({
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [logGroup.logGroupArn],
  }),
  new PolicyStatement({
    actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
    resources: ['*'], // X-Ray knows no resources
  }),
];
