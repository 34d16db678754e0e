import { join } from 'node:path';
import * as z from 'zod';
import { createEventBus } from './event-bus.ts';
import { createEventSources, readEventSourceMapping } from './event-sources.ts';
import { type Endpoints, functionSpecs } from './functions.ts';
import { guardedInvoke, guardedServices } from './iam.ts';
import type { Invoke } from './invocation.ts';
import { createKms } from './kms.ts';
import { lambdaEndpoint } from './lambda-endpoint.ts';
import { createLambdaHost, type LogLine } from './lambda-host.ts';
import type { LoopbackServer } from './loopback-server.ts';
import { createQueues } from './queues.ts';
import { createScheduler, readSchedule } from './scheduler.ts';
import { createSecrets } from './secrets.ts';
import { readMachineSpec } from './step-functions/machine.ts';
import { statusChangeEvent } from './step-functions/status-change.ts';
import { createStepFunctions } from './step-functions/step-functions.ts';
import type { Templates } from './template.ts';

const AdminKey = z.object({ organization_id: z.string(), api_key: z.string() });

const adminKeyIn = (secret = '{}') => AdminKey.parse(JSON.parse(secret));

/** What is running, ended in the opposite order of its start. */
export const closers = () => {
  const all: (() => unknown)[] = [];
  return {
    add: (close: () => unknown) => void all.unshift(close),
    close: async () => {
      for (const close of all.splice(0))
        await Promise.resolve(close()).catch((error: unknown) => console.error(error));
    },
  };
};
type Closers = ReturnType<typeof closers>;

export type Wiring = { state: string; onLog: (line: LogLine) => void; dynamo: string; queues: string };

/** Functions, machines, buses, queues and schedules, each finding the others by the endpoints that it is given. */
export const wire = async (
  templates: Templates,
  { state, onLog, dynamo, queues }: Wiring,
  running: Closers,
) => {
  let host: Invoke = async () => {
    throw new Error('The local Lambda has not started.');
  };
  const invoke: Invoke = guardedInvoke(templates, (name, payload) => host(name, payload));
  const secrets = createSecrets(join(state, 'secrets.json'));
  const bus = createEventBus(templates, invoke);
  const stepFunctions = createStepFunctions({
    machines: machinesOf(templates),
    invoke,
    onExecutionEnded: (execution) => bus.publish(statusChangeEvent(execution)),
  });
  const engines = await listening(
    {
      KMS: createKms(join(state, 'kms.json')),
      SECRETS_MANAGER: secrets,
      EVENTBRIDGE: bus,
      LAMBDA: lambdaEndpoint(invoke),
      SFN: stepFunctions,
    },
    running,
  );
  const guarded = guardedServices(
    templates,
    { DYNAMODB: dynamo, SQS: queues, ...engines },
    join(state, 'iam-used.json'),
  );
  const endpoints = await listening(guarded, running);
  const lambdas = createLambdaHost({ functions: functionSpecs(templates, endpoints), onLog });
  running.add(() => lambdas.close());
  host = lambdas.invoke;
  await startPollers(templates, queues, invoke, running);
  const schedules = schedulesOf(templates);
  const scheduler = createScheduler({
    schedules,
    invoke,
    onError: (error, arn) => console.error(arn, error),
  });
  running.add(() => scheduler.stop());
  return {
    invoke,
    scheduler,
    /** After a restart whatever waits is due: executions and messages of the last run are lost. */
    sweepAll: () =>
      Promise.all(schedules.map(({ targetArn }) => scheduler.fireOnce(targetArn, { all: true }))),
    adminKey: () => adminKeyIn(secrets.valueOf(templates.output('AdminKeySecretArn'))),
  };
};

const machinesOf = (templates: Templates) =>
  templates
    .all('AWS::StepFunctions::StateMachine')
    .map(({ ref, attributes, properties }) => readMachineSpec(attributes.Name ?? '', ref, properties));

const schedulesOf = (templates: Templates) =>
  templates.all('AWS::Scheduler::Schedule').map(({ properties }) => readSchedule(properties));

/** Opens every server on a free port and gives its URL by the service's name. */
const listening = async (servers: Record<string, LoopbackServer>, running: Closers): Promise<Endpoints> => {
  const urls = await Promise.all(
    Object.entries(servers).map(async ([name, server]) => {
      running.add(() => server.close());
      return [name, await server.listen(0)] as const;
    }),
  );
  return Object.fromEntries(urls);
};

const startPollers = async (templates: Templates, queues: string, invoke: Invoke, running: Closers) => {
  const client = await createQueues(templates, queues);
  const urls = new Map(templates.all('AWS::SQS::Queue').map(({ ref, attributes }) => [attributes.Arn, ref]));
  const mappings = templates.all('AWS::Lambda::EventSourceMapping');
  const pollers = createEventSources({
    mappings: mappings.map(({ properties }) => readEventSourceMapping(properties)),
    client,
    queueUrl: (arn) => urls.get(arn) ?? '',
    invoke,
    onError: (error, mapping) => console.error(mapping.functionName, error),
  });
  pollers.start();
  running.add(() => pollers.stop());
};
