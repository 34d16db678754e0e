import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundled, everything, type Resource, synthesised, type Templates } from './support/stacks.ts';

let built: Awaited<ReturnType<typeof bundled>>;
beforeAll(async () => {
  built = await bundled();
});
afterAll(() => built.remove());

const partitions = [
  { partition: 'aws', region: 'eu-west-1' },
  { partition: 'aws-us-gov', region: 'us-gov-west-1' },
  { partition: 'aws-cn', region: 'cn-north-1' },
];
const account = '111122223333';
const everyOption = ({ partition, region }: (typeof partitions)[number]) => ({
  prefix: 'acme-data',
  permissionsBoundary: `arn:${partition}:iam::${account}:policy/boundary`,
  rolePath: '/planasonix/',
  kmsKeyArn: `arn:${partition}:kms:${region}:${account}:key/12345678-1234-1234-1234-123456789012`,
  vpcId: 'vpc-0123456789abcdef0',
  subnetIds: '["subnet-0123456789abcdef0","subnet-0123456789abcdef1"]',
  securityGroupIds: ['sg-0123456789abcdef0'],
  allowedWebhookNetworks: '["10.20.0.0/16"]',
  alarmEmail: 'oncall@example.com',
  organizations: JSON.stringify([{ slug: 'acme', name: 'Acme', limits: { max_concurrent_runs: 5 } }]),
});

const ofEvery = (templates: Templates, type: string) =>
  everything(templates).filter(({ Type }) => Type === type);
const variables = ({ Properties }: Resource) => Properties.Environment?.Variables ?? {};

describe.each(partitions)('O7 a deploy with every option into $partition', (target) => {
  let templates: Templates;
  beforeAll(async () => {
    templates = await synthesised(built.folder, { ...target, account, context: everyOption(target) });
  });
  const text = () => JSON.stringify(templates);

  it('names resources of its own partition only', () => {
    const named = new Set([...text().matchAll(/arn:(aws[a-z-]*):/g)].map(([, partition]) => partition));

    expect([...named]).toEqual([target.partition]);
  });

  it('puts every role under path and boundary', () => {
    const roles = ofEvery(templates, 'AWS::IAM::Role');

    expect(roles.length).toBeGreaterThan(30);
    for (const { name, Properties } of roles) {
      expect(Properties.Path, name).toBe('/planasonix/');
      expect(Properties.PermissionsBoundary, name).toBe(
        `arn:${target.partition}:iam::${account}:policy/boundary`,
      );
    }
  });

  it('uses the given key and makes none', () => {
    const { kmsKeyArn } = everyOption(target);

    expect(ofEvery(templates, 'AWS::KMS::Key')).toEqual([]);
    expect(ofEvery(templates, 'AWS::KMS::Alias')).toEqual([]);
    expect(
      ofEvery(templates, 'AWS::DynamoDB::GlobalTable')[0]?.Properties.Replicas[0].SSESpecification,
    ).toEqual({
      KMSMasterKeyId: kmsKeyArn,
    });
    expect(ofEvery(templates, 'AWS::SecretsManager::Secret')[0]?.Properties.KmsKeyId).toBe(kmsKeyArn);
  });

  it('puts what opens databases, and nothing else, into the given network', () => {
    const inside = ofEvery(templates, 'AWS::Lambda::Function').filter(
      ({ Properties }) => Properties.VpcConfig,
    );

    expect(inside.map(({ id }) => id.replace(/[0-9A-F]{8}$/, '')).toSorted()).toEqual([
      'failJob',
      'inspectConnection',
      'runSlice',
    ]);
    for (const { Properties } of inside)
      expect(Properties.VpcConfig).toEqual({
        SubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
        SecurityGroupIds: ['sg-0123456789abcdef0'],
      });
  });

  it('tells the networks of webhooks to what stores and what calls their URLs', () => {
    const told = ofEvery(templates, 'AWS::Lambda::Function').filter(
      (fn) => variables(fn).ALLOWED_WEBHOOK_NETWORKS === '10.20.0.0/16',
    );

    expect(told.map(({ id }) => id.replace(/[0-9A-F]{8}$/, '')).toSorted()).toEqual([
      'createWebhook',
      'deliverWebhook',
    ]);
  });

  it('hands over the organizations and the address of alarms', () => {
    const [resource] = ofEvery(templates, 'AWS::CloudFormation::CustomResource');

    expect(JSON.parse(resource?.Properties.Organizations)).toEqual([
      {
        slug: 'acme',
        name: 'Acme',
        tier: 'enterprise',
        limits: { max_concurrent_runs: 5 },
        allowedNetworks: [],
        allowedTargets: [],
      },
    ]);
    expect(ofEvery(templates, 'AWS::SNS::Subscription')[0]?.Properties).toMatchObject({
      Protocol: 'email',
      Endpoint: 'oncall@example.com',
    });
  });
});

describe('O7 two deployments in one account', () => {
  /** The names that an account or a region has once. */
  const physicalNames = (templates: Templates) => {
    const nameProperty = /^(Name|AliasName|\w+Name)$/;
    const fixed = everything(templates).flatMap(({ Type, Properties }) =>
      Object.entries(Properties).flatMap(([property, value]) =>
        nameProperty.test(property) && typeof value === 'string' && !notPhysical.has(`${Type} ${property}`)
          ? [`${Type} ${value}`]
          : [],
      ),
    );
    const exported = [...JSON.stringify(templates).matchAll(/"Export":\{"Name":"([^"]+)"/g)].map(
      ([, name]) => `export ${name}`,
    );
    return [...fixed, ...exported].toSorted();
  };
  /** Properties called a name that refer to something or hold within their parent. */
  const notPhysical = new Set([
    'AWS::ApiGateway::RestApi Name',
    'AWS::ApiGateway::Stage StageName',
    'AWS::CloudWatch::Alarm MetricName',
    'AWS::IAM::Policy PolicyName',
  ]);

  it('share no physical name', async () => {
    const [one, two] = [
      await synthesised(built.folder, { context: { prefix: 'one' } }),
      await synthesised(built.folder, { context: { prefix: 'two' } }),
    ];
    const names = physicalNames(one);

    expect(names.filter((name) => !name.startsWith('export'))).toEqual([
      'AWS::CloudWatch::Dashboard one-orchestration',
      'AWS::Events::EventBus one-events',
      'AWS::KMS::Alias alias/one/data',
      'AWS::Logs::LogGroup /aws/vendedlogs/states/one-job',
      'AWS::StepFunctions::StateMachine one-job',
    ]);
    expect(physicalNames(two).filter((name) => names.includes(name))).toEqual([]);
  });
});

describe('a context that cannot be', () => {
  it.each([
    [{ prefix: 'Acme Data' }, 'prefix'],
    [{ vpcId: 'vpc-0123456789abcdef0' }, 'vpcId'],
    [{ organizations: '[]' }, 'organizations'],
    [{ allowedWebhookNetworks: '["10.0.0.0"]' }, 'allowedWebhookNetworks'],
    [{ alarmEmail: 'nobody' }, 'alarmEmail'],
  ])('%j is refused before anything is made', async (context, named) => {
    await expect(synthesised(built.folder, { context })).rejects.toThrow(named);
  });
});
