import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allEntries, bundleOf, workers } from '#lib/entries.ts';
import type { Route } from '#src/api/route.ts';
import { routes } from '#src/api/routes.ts';
import stateful from './stateful-resources.json' with { type: 'json' };
import {
  bundled,
  everything,
  nameOf,
  ofType,
  type Resource,
  synthesised,
  type Templates,
} from './support/stacks.ts';

const root = resolve(import.meta.dirname, '..');
let built: Awaited<ReturnType<typeof bundled>>;
let templates: Templates;

beforeAll(async () => {
  built = await bundled();
  templates = await synthesised(built.folder);
}, 60_000);
afterAll(() => built.remove());

const all = (type: string) => everything(templates).filter(({ Type }) => Type === type);
const one = (type: string): Resource & { name: string } => {
  const [first, ...more] = all(type);
  if (!first || more.length > 0) throw new Error(`Not one ${type}`);
  return first;
};

describe('the API', () => {
  const operations = () => {
    const { paths } = one('AWS::ApiGateway::RestApi').Properties.Body;
    return Object.entries<Record<string, Record<string, unknown>>>(paths).flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([method]) => method !== 'parameters')
        .map(([method, operation]) => ({ path, method, ...operation })),
    ) as {
      path: string;
      method: string;
      operationId?: string;
      security?: unknown;
      [name: string]: unknown;
    }[];
  };
  const invoked = (operation: Record<string, unknown>) =>
    JSON.stringify(operation['x-amazon-apigateway-integration']).match(
      /"Fn::GetAtt":\["(\w+?)[0-9A-F]{8}","Arn"\]/,
    )?.[1];

  it.each(Object.entries<Route>(routes))('%s has its path, its function and its security', (name, route) => {
    const operation = operations().find(({ operationId }) => operationId === name);

    expect(operation).toMatchObject({
      path: route.path.replace('/api/', '/'),
      method: route.method.toLowerCase(),
      security: route.scope === 'public' ? [] : [{ credential: [] }],
    });
    expect(operation && invoked(operation)).toBe(name);
    expect(route.scope.length).toBeGreaterThan(0);
  });

  it('has no operation besides those of the table, and one function for every other request', () => {
    const others = operations().filter(({ operationId }) => operationId === undefined);
    const paths = new Set(operations().map(({ path }) => path));

    expect(operations().length - others.length).toBe(Object.keys(routes).length);
    expect(others.map(({ path }) => path).toSorted()).toEqual([...paths].toSorted());
    expect(paths).toContain('/{proxy+}');
    for (const other of others) {
      expect(other.method).toBe('x-amazon-apigateway-any-method');
      expect(other.security).toEqual([]);
      expect(invoked(other)).toBe('unknownRoute');
    }
  });

  it('asks the authorizer on every request', () => {
    const { components } = one('AWS::ApiGateway::RestApi').Properties.Body;
    const authorizer = components.securitySchemes.credential['x-amazon-apigateway-authorizer'];

    expect(authorizer).toMatchObject({ type: 'request', authorizerResultTtlInSeconds: 0 });
    expect(authorizer.identitySource).toBeUndefined();
  });

  it('refuses in the envelope of the contract what the gateway refuses itself', () => {
    const responses =
      one('AWS::ApiGateway::RestApi').Properties.Body['x-amazon-apigateway-gateway-responses'];
    const statuses = Object.entries<{ statusCode: number }>(responses).map(([kind, { statusCode }]) => [
      kind,
      statusCode,
    ]);

    expect(Object.fromEntries(statuses)).toEqual({
      UNAUTHORIZED: 401,
      ACCESS_DENIED: 403,
      MISSING_AUTHENTICATION_TOKEN: 404,
      INVALID_SIGNATURE: 404,
      RESOURCE_NOT_FOUND: 404,
      REQUEST_TOO_LARGE: 413,
      UNSUPPORTED_MEDIA_TYPE: 415,
      THROTTLED: 429,
      BAD_REQUEST_BODY: 400,
      BAD_REQUEST_PARAMETERS: 400,
      AUTHORIZER_FAILURE: 503,
      AUTHORIZER_CONFIGURATION_ERROR: 503,
      INTEGRATION_FAILURE: 503,
      INTEGRATION_TIMEOUT: 503,
      DEFAULT_5XX: 500,
      DEFAULT_4XX: 400,
    });
    for (const { responseTemplates } of Object.values<{ responseTemplates: Record<string, string> }>(
      responses,
    )) {
      expect(JSON.parse(responseTemplates['application/json'] ?? '')).toEqual({
        error: {
          code: expect.any(String),
          message: expect.any(String),
          details: [],
          request_id: '$context.requestId',
        },
      });
    }
  });

  it('caps what the stage takes, traces and logs it', () => {
    expect(one('AWS::ApiGateway::Stage').Properties).toMatchObject({
      StageName: 'api',
      TracingEnabled: true,
      MethodSettings: [{ ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000, DataTraceEnabled: false }],
      AccessLogSetting: { DestinationArn: expect.anything() },
    });
  });
});

describe('what must not be lost', () => {
  it('O1 stateful resources keep their logical ids and every property that replaces them', () => {
    const types = new Set(Object.values(stateful).map(({ type }) => type));
    const found = everything(templates)
      .filter(({ Type }) => types.has(Type))
      .map(({ name, Type, Properties }) => {
        const { properties = {} } = stateful[name as keyof typeof stateful] ?? {};
        const now = Object.keys(properties).map((property) => [property, Properties[property] ?? null]);
        return [name, { type: Type, properties: Object.fromEntries(now) }];
      });

    expect(Object.fromEntries(found)).toEqual(stateful);
  });

  it('O2 table, key, bucket and admin key outlive their stack and a replacement', () => {
    const kept = [
      'AWS::DynamoDB::GlobalTable',
      'AWS::KMS::Key',
      'AWS::S3::Bucket',
      'AWS::SecretsManager::Secret',
    ];
    for (const type of kept)
      expect(one(type)).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  it('O2 the table is protected, backed up continuously and forgets by ttl', () => {
    const { Replicas, TimeToLiveSpecification, SSESpecification, BillingMode } = one(
      'AWS::DynamoDB::GlobalTable',
    ).Properties;

    expect(Replicas).toMatchObject([
      {
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { KMSMasterKeyId: { 'Fn::GetAtt': ['Key961B73FD', 'Arn'] } },
      },
    ]);
    expect(TimeToLiveSpecification).toEqual({ AttributeName: 'ttl', Enabled: true });
    expect(SSESpecification).toEqual({ SSEEnabled: true, SSEType: 'KMS' });
    expect(BillingMode).toBe('PAY_PER_REQUEST');
  });

  it('the key rotates, the bucket is closed to the public and to plain HTTP', () => {
    const { PublicAccessBlockConfiguration } = one('AWS::S3::Bucket').Properties;

    expect(one('AWS::KMS::Key').Properties.EnableKeyRotation).toBe(true);
    expect(Object.values(PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
    expect(one('AWS::S3::BucketPolicy').Properties.PolicyDocument.Statement).toMatchObject([
      { Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    ]);
  });
});

describe('queues', () => {
  const queues = () => ofType(templates.workflows, 'AWS::SQS::Queue');
  const deadLetters = () => queues().filter(([id]) => id.includes('DeadLetters'));
  const working = () => queues().filter(([id]) => !id.includes('DeadLetters'));

  it('each hands what it cannot handle to dead letters of its kind', () => {
    expect(working().map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual([
      'EventsQueue',
      'DeliveriesQueue',
    ]);
    for (const [, { Properties }] of working()) {
      const { deadLetterTargetArn, maxReceiveCount } = Properties.RedrivePolicy;
      const target = deadLetters().find(([id]) => id === deadLetterTargetArn['Fn::GetAtt'][0]);
      expect(maxReceiveCount).toBe(5);
      expect(target?.[1].Properties.FifoQueue).toBe(Properties.FifoQueue);
    }
  });

  it('dead letters are kept for 14 days, and an alarm says what is lost meanwhile', () => {
    const alarms = ofType(templates.ops, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
    const watched = (id: string) =>
      alarms.find(
        ({ MetricName, Dimensions, Threshold }) =>
          MetricName === 'ApproximateNumberOfMessagesVisible' &&
          Threshold === 1 &&
          JSON.stringify(Dimensions).includes(id),
      );

    expect(deadLetters()).toHaveLength(4);
    for (const [id, { Properties }] of deadLetters()) {
      expect(Properties.MessageRetentionPeriod).toBe(1_209_600);
      expect(watched(id)?.AlarmDescription, id).toMatch(/^[A-Z].+\. Next: .+\.$/);
    }
  });

  it('every alarm tells the topic', () => {
    for (const [id, { Properties }] of ofType(templates.ops, 'AWS::CloudWatch::Alarm')) {
      expect(Properties.AlarmDescription, id).toMatch(/^[A-Z].+\. Next: .+\.$/);
      expect(Properties.AlarmActions, id).toEqual([{ Ref: expect.stringMatching(/^Alarms/) }]);
    }
  });

  it('F2 a message stays hidden for six times what its function may take', () => {
    const mappings = ofType(templates.workflows, 'AWS::Lambda::EventSourceMapping');

    expect(mappings).toHaveLength(2);
    for (const [, { Properties }] of mappings) {
      const queue = templates.workflows.Resources[Properties.EventSourceArn['Fn::GetAtt'][0]];
      const fn = templates.workflows.Resources[Properties.FunctionName.Ref];
      expect(queue?.Properties.VisibilityTimeout).toBe(6 * fn?.Properties.Timeout);
      expect(Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
    }
  });

  it('take nothing over plain HTTP', () => {
    expect(ofType(templates.workflows, 'AWS::SQS::QueuePolicy')).toHaveLength(queues().length);
    for (const [, { Properties }] of queues()) expect(Properties.SqsManagedSseEnabled).toBe(true);
  });
});

describe('functions', () => {
  const functions = () =>
    [
      ...ofType(templates.workflows, 'AWS::Lambda::Function'),
      ...ofType(templates.api, 'AWS::Lambda::Function'),
    ]
      .map(([id, { Properties }]) => ({ ...Properties, id: id.replace(/^Organizations|[0-9A-F]{8}$/g, '') }))
      .map((fn) => fn as Resource['Properties'] & { id: string })
      .filter(({ id }) => !id.startsWith('Provider'));

  it('every entry exists and is deployed once', () => {
    for (const entry of allEntries()) expect(existsSync(join(root, entry)), entry).toBe(true);
    expect(
      functions()
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual([...Object.keys(workers), ...Object.keys(routes)].toSorted());
  });

  it('every file that exports a handler is an entry', () => {
    const files = readdirSync(join(root, 'functions'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `functions/${file}`)
      .filter((file) => /^export const handler\b/m.test(readFileSync(join(root, file), 'utf8')));

    expect(files.toSorted()).toEqual(allEntries().toSorted());
  });

  it('run Node 24 on arm64, traced, with JSON logs', () => {
    for (const fn of functions())
      expect(fn).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        TracingConfig: { Mode: 'Active' },
        LoggingConfig: { LogFormat: 'JSON' },
      });
  });

  it('O9 each is given the variables that it reads, and no other', () => {
    const bundle = (id: string) => {
      const entry =
        id in workers
          ? workers[id as keyof typeof workers]
          : allEntries().find((file) => nameIn(file) === id);
      return readFileSync(join(built.folder, 'bundles', bundleOf(entry ?? ''), 'index.mjs'), 'utf8');
    };
    const nameIn = (file: string) =>
      basename(file, '.ts').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    const read = (text: string) =>
      [
        'TABLE_NAME',
        'RESULTS_BUCKET',
        'DATA_KEY_ARN',
        'JOB_STATE_MACHINE_ARN',
        'EVENTS_QUEUE_URL',
        'DELIVERIES_QUEUE_URL',
        'EVENT_BUS_NAME',
        'INSPECT_FUNCTION_NAME',
        'DEPLOYMENT_VERSION',
      ].filter((name) => new RegExp(`["'\`]${name}["'\`]`).test(text));

    const given = functions().map(({ id, Environment }) => [
      id,
      Object.keys(Environment?.Variables ?? {}).toSorted(),
    ]);
    const wanted = functions().map(({ id }) => [id, read(bundle(id)).toSorted()]);

    expect(Object.fromEntries(given)).toEqual(Object.fromEntries(wanted));
  });

  it('only those that wait for something have more time, and the copying more memory', () => {
    const special = functions()
      .filter(({ Timeout, MemorySize }) => Timeout !== 10 || MemorySize !== 256)
      .map(({ id, Timeout, MemorySize }) => [id, Timeout, MemorySize]);

    expect(special.toSorted()).toEqual([
      ['deliverWebhook', 20, 256],
      ['endExecution', 30, 256],
      ['failJob', 60, 256],
      ['getJob', 29, 256],
      ['inspectConnection', 25, 256],
      ['listConnectionTables', 29, 256],
      ['listJobs', 29, 256],
      ['runSlice', 900, 1769],
      ['seedOrganizations', 60, 256],
      ['sweepDue', 55, 512],
      ['testConnection', 29, 256],
    ]);
  });
});

describe('the job', () => {
  const machine = () => one('AWS::StepFunctions::StateMachine').Properties;

  it('is a definition that Step Functions takes', () => {
    const validate = createRequire(import.meta.url)('asl-validator') as (definition: object) => {
      isValid: boolean;
      errorsText(): string;
    };
    const filled = JSON.stringify(JSON.parse(machine().DefinitionString)).replace(
      /\$\{\w+\}/g,
      'arn:aws:lambda:eu-west-1:111122223333:function:task',
    );

    const result = validate(JSON.parse(filled));

    expect(result.isValid, result.errorsText()).toBe(true);
  });

  it('calls functions of its own names', () => {
    const substitutions = Object.entries<object>(machine().DefinitionSubstitutions);

    expect(substitutions.map(([name, arn]) => [name, nameOf(arn)])).toEqual([
      ['RunSlice', 'runSlice'],
      ['FailJob', 'failJob'],
    ]);
  });

  it('is traced, and logged without what it carries', () => {
    expect(machine()).toMatchObject({
      StateMachineType: 'STANDARD',
      TracingConfiguration: { Enabled: true },
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
    });
  });

  it('an execution that ends badly is looked at, or the call kept', () => {
    expect(one('AWS::Events::Rule').Properties).toMatchObject({
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
      },
      Targets: [
        {
          DeadLetterConfig: {
            Arn: { 'Fn::GetAtt': [expect.stringMatching(/^EndedBadlyDeadLetters/), 'Arn'] },
          },
        },
      ],
    });
  });

  it('the sweep runs every minute, or the call is kept', () => {
    expect(one('AWS::Scheduler::Schedule').Properties).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        RetryPolicy: { MaximumRetryAttempts: 0 },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [expect.stringMatching(/^SweepDeadLetters/), 'Arn'] } },
      },
    });
  });
});

describe('stacks', () => {
  it.each(['data', 'workflows', 'api', 'ops'] as const)('%s has fewer than 450 resources', (name) => {
    expect(Object.keys(templates[name].Resources).length).toBeLessThan(450);
  });

  it('give the outputs of the contract', () => {
    const outputs = Object.values(templates).flatMap(({ Outputs = {} }) => Object.keys(Outputs));

    expect(outputs.filter((name) => !name.startsWith('ExportsOutput')).toSorted()).toEqual([
      'AdminKeySecretArn',
      'AlarmTopicArn',
      'ApiUrl',
      'EventBusName',
      'JobStateMachineArn',
      'TableName',
    ]);
  });

  it('refer to each other in one direction', () => {
    const order = ['data', 'workflows', 'api', 'ops'];
    const imports = Object.entries(templates).flatMap(([stack, template]) =>
      [...JSON.stringify(template).matchAll(/"Fn::ImportValue":"planasonix-(\w+):/g)].map(([, from = '']) => [
        from,
        stack,
      ]),
    );

    for (const [from = '', to = ''] of imports)
      expect(order.indexOf(from), `${from} → ${to}`).toBeLessThan(order.indexOf(to));
    expect(new Set(imports.map(([from]) => from))).toEqual(new Set(['data', 'workflows']));
  });
});
