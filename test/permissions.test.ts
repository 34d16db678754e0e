import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import granted from './permissions.json' with { type: 'json' };
import { bundled, everything, nameOf, type Resource, synthesised, type Templates } from './support/stacks.ts';

/** Rights on everything, and why they cannot name less. */
const wildcards: Record<string, string> = {
  'xray:PutTelemetryRecords *': 'X-Ray knows no resources.',
  'xray:PutTraceSegments *': 'X-Ray knows no resources.',
  'xray:GetSamplingRules *': 'X-Ray knows no resources.',
  'xray:GetSamplingTargets *': 'X-Ray knows no resources.',
  'logs:CreateLogDelivery *': 'The log delivery of Step Functions knows no resources.',
  'logs:DeleteLogDelivery *': 'The log delivery of Step Functions knows no resources.',
  'logs:DescribeLogGroups *': 'The log delivery of Step Functions knows no resources.',
  'logs:DescribeResourcePolicies *': 'The log delivery of Step Functions knows no resources.',
  'logs:GetLogDelivery *': 'The log delivery of Step Functions knows no resources.',
  'logs:ListLogDeliveries *': 'The log delivery of Step Functions knows no resources.',
  'logs:PutResourcePolicy *': 'The log delivery of Step Functions knows no resources.',
  'logs:UpdateLogDelivery *': 'The log delivery of Step Functions knows no resources.',
  'states:DescribeExecution arn:aws:states:eu-west-1:<AccountId>:execution:planasonix-job:*':
    'An execution is named by its job and attempt.',
  'lambda:InvokeFunction OrganizationsseedOrganizations:*': 'CDK’s Provider framework calls any version.',
};

type Statement = {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: Record<string, Record<string, unknown>>;
};

let built: Awaited<ReturnType<typeof bundled>>;
let templates: Templates;
beforeAll(async () => {
  built = await bundled();
  templates = await synthesised(built.folder);
}, 60_000);
afterAll(() => built.remove());

const bare = (logicalId: string) => logicalId.replace(/[0-9A-F]{8}$/, '');

const rightsOf = ({ Effect, Action, Resource, Condition }: Statement) => {
  const under = Condition ? ` if ${JSON.stringify(Condition).replaceAll(/["{}]/g, '')}` : '';
  const not = Effect === 'Allow' ? '' : `${Effect} `;
  return [Action]
    .flat()
    .flatMap((action) => [Resource].flat().map((resource) => `${not}${action} ${nameOf(resource)}${under}`));
};

const policiesOf = ({ Type, Properties }: Resource) => {
  if (Type === 'AWS::IAM::Policy') return [Properties.PolicyDocument];
  const inline = (Properties.Policies ?? []) as { PolicyDocument: object }[];
  return inline.map(({ PolicyDocument }) => PolicyDocument);
};

/** Every right of every role, by the role's name. */
const rights = () => {
  const byRole: Record<string, string[]> = {};
  for (const resource of everything(templates)) {
    if (!/^AWS::IAM::(Role|Policy)$/.test(resource.Type)) continue;
    const [stack] = resource.name.split('.');
    const id = resource.Type === 'AWS::IAM::Policy' ? resource.Properties.Roles[0].Ref : resource.id;
    const found = policiesOf(resource).flatMap(({ Statement }) =>
      (Statement as Statement[]).flatMap(rightsOf),
    );
    const managed = (resource.Properties.ManagedPolicyArns ?? []).map(
      (arn: object) => `managed ${nameOf(arn)}`,
    );
    const role = `${stack}.${bare(id)}`;
    byRole[role] = [...(byRole[role] ?? []), ...found, ...managed].toSorted();
  }
  return byRole;
};

const roles = () => Object.entries(rights());
const holding = (pattern: RegExp) =>
  roles()
    .filter(([, list]) => list.some((right) => pattern.test(right)))
    .map(([role]) => role)
    .toSorted();

describe('O8 permissions', () => {
  it('are those of test/permissions.json, role by role', () => {
    expect(rights()).toEqual(granted);
  });

  it('have no wildcard without a reason, and no reason without a wildcard', () => {
    const found = roles().flatMap(([, list]) =>
      list.filter((right) => right.replace(/ if .*$/, '').includes('*')),
    );

    expect([...new Set(found)].toSorted()).toEqual(Object.keys(wildcards).toSorted());
  });

  it('only functions that open databases may open credentials, and only the delivery a webhook’s secret', () => {
    expect(holding(/^kms:Decrypt .*purpose:connection/)).toEqual([
      'workflows.failJobRole',
      'workflows.inspectConnectionRole',
      'workflows.runSliceRole',
    ]);
    expect(holding(/^kms:Decrypt .*purpose:webhook/)).toEqual(['workflows.deliverWebhookRole']);
  });

  it('nobody uses the key without a service or a purpose in between', () => {
    const free = roles().flatMap(([role, list]) =>
      list
        .filter(
          (right) =>
            right.startsWith('kms:') &&
            !/ if StringEquals:kms:(ViaService|EncryptionContext:purpose):/.test(right),
        )
        .map((right) => `${role} ${right}`),
    );

    expect(free).toEqual([]);
  });

  it('a GET cannot write', () => {
    const readers = holding(/^dynamodb:GetItem/).filter((role) => /^api\.(get|list)/.test(role));
    const writers = holding(/^dynamodb:(Put|Update|Delete)Item/);

    expect(readers.length).toBeGreaterThan(5);
    expect(readers.filter((role) => writers.includes(role))).toEqual([]);
  });

  it('nobody may scan, pass a role, or reach outside', () => {
    expect(holding(/^(dynamodb:Scan|iam:|sts:|s3:|ec2:)/)).toEqual([]);
  });

  it('no role takes a stranger: services only', () => {
    for (const { Type, Properties } of everything(templates)) {
      if (Type !== 'AWS::IAM::Role') continue;
      const { Statement } = Properties.AssumeRolePolicyDocument;
      expect(Statement).toHaveLength(1);
      expect(Statement[0].Principal.Service).toMatch(
        /^(lambda|apigateway|scheduler|states)\.amazonaws\.com$/,
      );
    }
  });
});
