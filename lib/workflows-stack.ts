import { ArnFormat, CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { DataStack } from './data-stack.ts';
import { workers } from './entries.ts';
import { ExecutionEndedBadly } from './execution-ended.ts';
import { invoke, openSecrets, putEvents, readDue, readTable, runJobs, sendTo, writeTable } from './grants.ts';
import { type Network, networkOf } from './network.ts';
import { NodeFunction, type NodeFunctionProps } from './node-function.ts';
import { Organizations } from './organizations.ts';
import { DurableQueue } from './queue-worker.ts';
import { EveryMinute } from './schedules.ts';
import { type Stage, webhookNetworks } from './stage.ts';
import { Workflow } from './workflow.ts';

export type WorkflowsStackProps = StackProps & { stage: Stage; data: DataStack; bundles: string };

const deliverSeconds = 20;
const fanOutSeconds = 10;

type WorkerProps = Omit<NodeFunctionProps, 'entry' | 'bundles' | 'logGroup'>;

/** What runs behind the API: jobs, events, deliveries, the sweep. */
export class WorkflowsStack extends Stack {
  readonly machine: StateMachine;
  readonly ended: ExecutionEndedBadly;
  readonly executions: string;
  readonly events: DurableQueue;
  readonly deliveries: DurableQueue;
  readonly bus: EventBus;
  readonly inspect: NodeFunction;
  readonly sweep: EveryMinute;
  readonly organizations: Organizations;
  private readonly machineArn: string;
  private readonly logGroup: LogGroup;
  private readonly network: Network | undefined;
  private readonly props: WorkflowsStackProps;

  constructor(scope: Construct, id: string, props: WorkflowsStackProps) {
    super(scope, id, props);
    this.props = props;
    this.network = networkOf(this, props.stage);
    this.logGroup = new LogGroup(this, 'Log', {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.events = new DurableQueue(this, 'Events', { fifo: true, consumerSeconds: fanOutSeconds });
    this.deliveries = new DurableQueue(this, 'Deliveries', { fifo: false, consumerSeconds: deliverSeconds });
    this.bus = new EventBus(this, 'Bus', { eventBusName: `${props.stage.prefix}-events` });
    const name = `${props.stage.prefix}-job`;
    this.machineArn = this.colonArn('states', 'stateMachine', name);
    this.executions = this.colonArn('states', 'execution', `${name}:*`);
    const { machine, ended } = this.jobs(name);
    this.machine = machine;
    this.ended = ended;
    this.inspect = this.inspector();
    this.delivery();
    this.sweep = this.sweeping();
    this.organizations = new Organizations(this, 'Organizations', { ...props, logGroup: this.logGroup });
    new CfnOutput(this, 'JobStateMachineArn', { value: this.machine.stateMachineArn });
    new CfnOutput(this, 'EventBusName', { value: this.bus.eventBusName });
    new CfnOutput(this, 'AdminKeySecretArn', { value: this.organizations.adminKey.secretArn });
  }

  private colonArn(service: string, resource: string, resourceName: string) {
    return this.formatArn({ service, resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
  }

  private worker(name: keyof typeof workers, props: WorkerProps) {
    const { bundles } = this.props;
    return new NodeFunction(this, name, { entry: workers[name], bundles, logGroup: this.logGroup, ...props });
  }

  /** What every worker that moves jobs along may do and knows. */
  private moving() {
    const { data } = this.props;
    return {
      statements: [
        ...writeTable(data),
        ...runJobs(this.machineArn, this.executions),
        sendTo(this.events.queue),
      ],
      environment: {
        TABLE_NAME: data.table.tableName,
        JOB_STATE_MACHINE_ARN: this.machineArn,
        EVENTS_QUEUE_URL: this.events.queue.queueUrl,
      },
    };
  }

  /** Tasks that open databases: in the given VPC, and alone allowed to open credentials. */
  private connecting({ statements, environment }: ReturnType<WorkflowsStack['moving']>) {
    const { key } = this.props.data;
    return {
      statements: [...statements, openSecrets(key, 'connection')],
      environment: { ...environment, DATA_KEY_ARN: key.keyArn },
      network: this.network,
    };
  }

  private jobs(name: string) {
    const moving = this.connecting(this.moving());
    const runSlice = this.worker('runSlice', {
      description: 'Copies the ranges of a job for up to 12 minutes',
      timeoutSeconds: 900,
      memoryMb: 1769,
      ...moving,
    });
    const failJob = this.worker('failJob', {
      description: 'Ends a job whose slice failed for good',
      timeoutSeconds: 60,
      ...moving,
    });
    const { machine } = new Workflow(this, 'Job', {
      file: 'job.asl.json',
      name,
      substitutions: { RunSlice: runSlice.functionArn, FailJob: failJob.functionArn },
    });
    for (const task of [runSlice, failJob]) machine.addToRolePolicy(invoke(task));
    const endExecution = this.worker('endExecution', {
      description: 'Looks at a job whose execution ended badly',
      timeoutSeconds: 30,
      ...this.moving(),
    });
    const ended = new ExecutionEndedBadly(this, 'EndedBadly', {
      machineArn: this.machineArn,
      target: endExecution,
    });
    return { machine, ended };
  }

  private inspector() {
    const { data } = this.props;
    return this.worker('inspectConnection', {
      description: 'Tries a connection, or discovers its tables',
      timeoutSeconds: 25,
      statements: [...readTable(data), openSecrets(data.key, 'connection')],
      environment: { TABLE_NAME: data.table.tableName, DATA_KEY_ARN: data.key.keyArn },
      network: this.network,
    });
  }

  private delivery() {
    const { data, stage } = this.props;
    const common = { TABLE_NAME: data.table.tableName, DELIVERIES_QUEUE_URL: this.deliveries.queue.queueUrl };
    const fanOut = this.worker('fanOut', {
      description: 'Numbers events and hands them to feed, deliveries and bus',
      timeoutSeconds: fanOutSeconds,
      statements: [...writeTable(data), sendTo(this.deliveries.queue), putEvents(this.bus)],
      environment: { ...common, EVENT_BUS_NAME: this.bus.eventBusName },
    });
    this.events.feeds(fanOut);
    const deliver = this.worker('deliverWebhook', {
      description: 'Posts a delivery to its receiver',
      timeoutSeconds: deliverSeconds,
      statements: [
        ...writeTable(data),
        sendTo(this.deliveries.queue),
        sendTo(this.events.queue),
        openSecrets(data.key, 'webhook'),
      ],
      environment: {
        ...common,
        DATA_KEY_ARN: data.key.keyArn,
        EVENTS_QUEUE_URL: this.events.queue.queueUrl,
        ...webhookNetworks(stage),
      },
    });
    this.deliveries.feeds(deliver);
  }

  private sweeping() {
    const { statements, environment } = this.moving();
    const sweepDue = this.worker('sweepDue', {
      description: 'Looks at everything whose time has come',
      timeoutSeconds: 55,
      memoryMb: 512,
      statements: [...statements, readDue(this.props.data), sendTo(this.deliveries.queue)],
      environment: { ...environment, DELIVERIES_QUEUE_URL: this.deliveries.queue.queueUrl },
    });
    return new EveryMinute(this, 'Sweep', sweepDue);
  }
}
