import type { Stage } from './stage.ts';

/** Findings of `rule` on constructs whose path matches `at` are accepted, for a reason. */
export type Waiver = { rule: RegExp; at: RegExp; reason: string };

const always: Waiver[] = [
  {
    rule: /^AwsSolutions-IAM5\[Resource::\*\]$/,
    at: /\/[A-Za-z]+Role\/Resource$/,
    reason:
      'X-Ray knows no resources; test/stacks.test.ts holds that no other action of these roles has a *.',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::\*\]$/,
    at: /\/Job\/Machine\/Role\/DefaultPolicy\/Resource$/,
    reason: 'X-Ray and the log delivery of Step Functions know no resources; held by test/stacks.test.ts.',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::arn:aws[a-z-]*:states:.*:execution:[a-z0-9-]+-job:\*\]$/,
    at: /\/[A-Za-z]+Role\/Resource$/,
    reason:
      'An execution is named by its job and attempt: the machine is fixed, the name is not known before.',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::<OrganizationsseedOrganizations[0-9A-F]+\.Arn>:\*\]$/,
    at: /\/Organizations\/Provider\//,
    reason: 'CDK’s Provider framework lets its function call any version of one function of ours.',
  },
  {
    rule: /^AwsSolutions-IAM4\[.*AWSLambdaBasicExecutionRole\]$/,
    at: /\/Organizations\/Provider\//,
    reason: 'CDK’s Provider framework writes its role itself; the policy allows to write logs.',
  },
  {
    rule: /^AwsSolutions-SQS3$/,
    at: /\/(Sweep|EndedBadly)\/DeadLetters\/Resource$/,
    reason: 'They are dead-letter queues, of a schedule and of a rule; the check knows those of queues.',
  },
  {
    rule: /^AwsSolutions-SMG4$/,
    at: /\/Organizations\/AdminKey\/Resource$/,
    reason:
      'The first admin key is replaced through the API by its owner; a rotation would cut live clients off.',
  },
  {
    rule: /^AwsSolutions-S1$/,
    at: /-data\/Results\/Resource$/,
    reason:
      'Only our roles reach the bucket; CloudTrail data events are the account’s own choice (docs/operate.md).',
  },
  {
    rule: /^AwsSolutions-APIG2$/,
    at: /-api\/Api\/Resource$/,
    reason:
      'Functions validate with the schemas of the route table and name every problem; the gateway names one.',
  },
  {
    rule: /^AwsSolutions-APIG3$/,
    at: /-api\/Api\/DeploymentStage\.api\/Resource$/,
    reason: 'A web ACL is the account’s: docs/operate.md says how to attach one to the stage.',
  },
];

const inNetwork: Waiver[] = [
  {
    rule: /^AwsSolutions-IAM4\[.*AWSLambdaVPCAccessExecutionRole\]$/,
    at: /-workflows\/(runSlice|failJob|inspectConnection)Role\/Resource$/,
    reason: 'Network interfaces have no resource to name before Lambda makes them; AWS maintains the list.',
  },
];

/** What a synth with this context must waive: one that is not needed fails as well. */
export const waiversFor = ({ vpcId }: Stage) => (vpcId === undefined ? always : [...always, ...inNetwork]);
