import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { createApiGateway } from './api-gateway.ts';
import { createTables } from './create-table.ts';
import { runCustomResources } from './custom-resources.ts';
import { startDynamo } from './dynamo.ts';
import { createEventBus } from './event-bus.ts';
import { createEventSources, readEventSourceMapping } from './event-sources.ts';
import { functionSpecs } from './functions.ts';
import type { Invoke } from './invocation.ts';
import { createKms } from './kms.ts';
import { lambdaEndpoint } from './lambda-endpoint.ts';
import { createLambdaHost, type LogLine } from './lambda-host.ts';
import { physicalIn } from './physical.ts';
import { freePort } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { createQueues, startQueues } from './queues.ts';
import { createScheduler, readSchedule } from './scheduler.ts';
import { createSecrets } from './secrets.ts';
import { readMachineSpec } from './step-functions/machine.ts';
import { statusChangeEvent } from './step-functions/status-change.ts';
import { createStepFunctions } from './step-functions/step-functions.ts';
import { synthesise } from './synth.ts';
import { readTemplates, region, type Templates } from './template.ts';

export type StackOptions = {
  port: number;
  state: string;
  onLog: (line: LogLine) => void;
  onStep: (step: string) => void;
};

const AdminKey = z.object({ organization_id: z.string(), api_key: z.string() });

/** What is running, ended in the opposite order of its start. */
const closers = () => {
  const all: (() => unknown)[] = [];
  return {
    add: (close: () => unknown) => void all.unshift(close),
    close: async () => {
      for (const close of all.splice(0))
        await Promise.resolve(close()).catch((error: unknown) => console.error(error));
    },
  };
};

/**
 * The synthesised stacks on local engines: what is not wired in CDK does not work here either.
 * @returns when everything answers and the organizations are made
 */
export const startStack = async ({ port, state, onLog, onStep }: StackOptions) => {
  const running = closers();
  try {
    const isFirst = !existsSync(join(state, 'table.db'));
    onStep('synthesising the stacks');
    const [folder, postgres, dynamo, queuePort] = await Promise.all([
      synthesise(),
      startPostgres(state),
      startDynamo(join(state, 'table.db')),
      freePort(),
    ]);
    running.add(() => postgres.stop());
    running.add(() => dynamo.process.kill());
    onStep('starting the engines');
    const queueEndpoint = `http://127.0.0.1:${queuePort}`;
    const templates = readTemplates(folder, physicalIn({ queueEndpoint }));
    const queues = await startQueues(queuePort);
    running.add(() => queues.close());
    await createTables(templates, dynamo.endpoint, region);
    const wired = await wire(
      templates,
      { state, onLog, dynamo: dynamo.endpoint, queues: queueEndpoint },
      running,
    );
    onStep('making the organizations');
    await runCustomResources(templates, wired.invoke, { isFirst });
    const gateway = createApiGateway({ body: bodyOf(templates), stage: 'api', invoke: wired.invoke });
    const base_url = await gateway.listen(port);
    running.add(() => gateway.close());
    wired.scheduler.start();
    await wired.sweepAll();
    const { source_url, destination_url } = postgres;
    return {
      endpoint: { base_url, ...wired.adminKey(), postgres: { source_url, destination_url } },
      close: running.close,
      transitions: wired.transitions,
    };
  } catch (error) {
    await running.close();
    throw error;
  }
};

const bodyOf = (templates: Templates) => templates.all('AWS::ApiGateway::RestApi')[0]?.properties.Body;

type Wiring = Pick<StackOptions, 'state' | 'onLog'> & { dynamo: string; queues: string };

/** Functions, machines, buses, queues and schedules, each finding the others by the endpoints that it is given. */
const wire = async (
  templates: Templates,
  { state, onLog, dynamo, queues }: Wiring,
  running: ReturnType<typeof closers>,
) => {
  let host: Invoke = async () => {
    throw new Error('The local Lambda has not started.');
  };
  const invoke: Invoke = (name, payload, roleArn) => host(name, payload, roleArn);
  const kms = createKms(join(state, 'kms.json'));
  const secrets = createSecrets(join(state, 'secrets.json'));
  const bus = createEventBus(templates, invoke);
  const lambda = lambdaEndpoint(invoke);
  const machines = templates
    .all('AWS::StepFunctions::StateMachine')
    .map(({ ref, attributes, properties }) => readMachineSpec(attributes.Name ?? '', ref, properties));
  const stepFunctions = createStepFunctions({
    machines,
    invoke,
    onExecutionEnded: (execution) => bus.publish(statusChangeEvent(execution)),
  });
  const services = {
    KMS: kms,
    SECRETS_MANAGER: secrets,
    EVENTBRIDGE: bus,
    LAMBDA: lambda,
    SFN: stepFunctions,
  };
  const listening = await Promise.all(
    Object.entries(services).map(async ([name, service]) => {
      running.add(() => service.close());
      return [name, await service.listen(0)] as const;
    }),
  );
  const endpoints = { DYNAMODB: dynamo, SQS: queues, S3: queues, ...Object.fromEntries(listening) };
  const lambdas = createLambdaHost({ functions: functionSpecs(templates, endpoints), onLog });
  running.add(() => lambdas.close());
  host = lambdas.invoke;
  const client = await createQueues(templates, queues);
  const urls = new Map(templates.all('AWS::SQS::Queue').map(({ ref, attributes }) => [attributes.Arn, ref]));
  const pollers = createEventSources({
    mappings: templates
      .all('AWS::Lambda::EventSourceMapping')
      .map(({ properties }) => readEventSourceMapping(properties)),
    client,
    queueUrl: (arn) => urls.get(arn) ?? '',
    invoke,
    onError: (error, mapping) => console.error(mapping.functionName, error),
  });
  pollers.start();
  running.add(() => pollers.stop());
  const scheduler = createScheduler({
    schedules: templates.all('AWS::Scheduler::Schedule').map(({ properties }) => readSchedule(properties)),
    invoke,
    onError: (error, arn) => console.error(arn, error),
  });
  running.add(() => scheduler.stop());
  return {
    invoke,
    scheduler,
    transitions: stepFunctions.transitions,
    /** After a restart whatever waits is due: executions and messages of the last run are lost. */
    sweepAll: async () => {
      for (const { properties } of templates.all('AWS::Scheduler::Schedule')) {
        await scheduler.fireOnce(readSchedule(properties).targetArn, { all: true });
      }
    },
    adminKey: () =>
      AdminKey.parse(JSON.parse(secrets.valueOf(templates.output('AdminKeySecretArn')) ?? '{}')),
  };
};
