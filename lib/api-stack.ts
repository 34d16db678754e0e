import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  ApiDefinition,
  LogGroupLogDestination,
  MethodLoggingLevel,
  SpecRestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { PolicyDocument, type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { entryOf, resourceOf } from '#src/api/naming.ts';
import type { Route, Use } from '#src/api/route.ts';
import { type RouteName, routes } from '#src/api/routes.ts';
import { Job } from '#src/domain/jobs/job.ts';
import { apiDocument } from './api-document.ts';
import type { DataStack } from './data-stack.ts';
import { workers } from './entries.ts';
import { invoke, readTable, runJobs, sealSecrets, sendTo, writeTable } from './grants.ts';
import { NodeFunction } from './node-function.ts';
import { type Stage, webhookNetworks } from './stage.ts';
import type { WorkflowsStack } from './workflows-stack.ts';

export type ApiStackProps = StackProps & {
  stage: Stage;
  data: DataStack;
  workflows: WorkflowsStack;
  bundles: string;
  version: string;
};

type Grant = { statements: PolicyStatement[]; environment: Record<string, string> };

/** One Lambda for each row of the route table, behind one REST API. */
export class ApiStack extends Stack {
  readonly api: SpecRestApi;
  readonly functions: Record<string, NodeFunction> = {};
  private readonly props: ApiStackProps;
  private readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: ApiStackProps) {
    super(scope, id, props);
    this.props = props;
    this.logGroup = this.log('Log');
    for (const [name, route] of Object.entries<Route>(routes))
      this.functions[name] = this.endpoint(name, route);
    const authorizer = this.authorizer();
    const unknown = this.unknownRoute();
    const all = [...Object.values(this.functions), authorizer, unknown];
    const role = new Role(this, 'Invoke', {
      assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
      inlinePolicies: { access: new PolicyDocument({ statements: all.map((fn) => invoke(fn)) }) },
    });
    const document = apiDocument({
      route: (name: RouteName) => this.uri(this.functions[name] ?? unknown),
      unknown: this.uri(unknown),
      authorizer: this.uri(authorizer),
      roleArn: role.roleArn,
      title: `${props.stage.prefix} orchestration`,
    });
    this.api = new SpecRestApi(this, 'Api', {
      apiDefinition: ApiDefinition.fromInline(document),
      cloudWatchRole: false,
      deployOptions: {
        stageName: 'api',
        throttlingRateLimit: 500,
        throttlingBurstLimit: 1000,
        tracingEnabled: true,
        metricsEnabled: true,
        loggingLevel: MethodLoggingLevel.ERROR,
        accessLogDestination: new LogGroupLogDestination(this.log('AccessLog')),
        accessLogFormat: AccessLogFormat.jsonWithStandardFields(),
      },
    });
    this.api.node.tryRemoveChild('Endpoint'); // CDK's own output of the same URL
    new CfnOutput(this, 'ApiUrl', { value: this.api.urlForPath('/').replace(/\/$/, '') });
  }

  private log(id: string) {
    return new LogGroup(this, id, {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  private uri(fn: NodeFunction) {
    return `arn:${this.partition}:apigateway:${this.region}:lambda:path/2015-03-31/functions/${fn.functionArn}/invocations`;
  }

  private endpoint(name: string, route: Route) {
    const { data, workflows, bundles, version } = this.props;
    const isPublic = route.scope === 'public';
    const uses = (route.uses ?? []).map((use) => this.grant(use, route));
    const store = route.method === 'GET' ? readTable(data) : writeTable(data);
    return new NodeFunction(this, name, {
      entry: entryOf(name, route),
      bundles,
      logGroup: this.logGroup,
      description: route.summary,
      timeoutSeconds: route.timeoutSeconds ?? 10,
      statements: [...(isPublic ? [] : store), ...uses.flatMap(({ statements }) => statements)],
      environment: {
        ...(!isPublic && { TABLE_NAME: data.table.tableName }),
        ...(resourceOf(route) === 'health' && { DEPLOYMENT_VERSION: version }),
        ...(showsExecutions(route) && { JOB_STATE_MACHINE_ARN: workflows.machine.stateMachineArn }),
        ...Object.assign({}, ...uses.map(({ environment }) => environment)),
      },
    });
  }

  /** What a word in a row's `uses` allows, and the variables that go with it. */
  private grant(use: Use, route: Route): Grant {
    const { data, workflows, stage } = this.props;
    const isWebhook = resourceOf(route) === 'webhooks';
    const events = {
      statements: [sendTo(workflows.events.queue)],
      environment: { EVENTS_QUEUE_URL: workflows.events.queue.queueUrl },
    };
    const { stateMachineArn } = workflows.machine;
    const grants: Record<Use, () => Grant> = {
      events: () => events,
      dispatch: () => ({
        statements: [...runJobs(stateMachineArn, workflows.executions), ...events.statements],
        environment: events.environment,
      }),
      inspect: () => ({
        statements: [invoke(workflows.inspect)],
        environment: { INSPECT_FUNCTION_NAME: workflows.inspect.functionName },
      }),
      seal: () => ({
        statements: [sealSecrets(data.key, isWebhook ? 'webhook' : 'connection')],
        environment: { DATA_KEY_ARN: data.key.keyArn, ...(isWebhook && webhookNetworks(stage)) },
      }),
    };
    return grants[use]();
  }

  private authorizer() {
    const { data, bundles } = this.props;
    return new NodeFunction(this, 'authorizeRequest', {
      entry: workers.authorizeRequest,
      bundles,
      logGroup: this.logGroup,
      description: 'Finds out who asks',
      statements: readTable(data),
      environment: { TABLE_NAME: data.table.tableName },
    });
  }

  private unknownRoute() {
    return new NodeFunction(this, 'unknownRoute', {
      entry: workers.unknownRoute,
      bundles: this.props.bundles,
      logGroup: this.logGroup,
      description: 'Answers paths and methods that no route has',
    });
  }
}

/** Routes that answer jobs link to their executions. */
const showsExecutions = ({ returns: [, body], uses }: Route) =>
  body === Job || uses?.includes('dispatch') === true;
