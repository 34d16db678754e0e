import type { Node } from 'constructs';
import * as z from 'zod';

const name = /^[a-z][a-z0-9-]*$/;

const OrganizationContext = z.strictObject({
  slug: z.string().regex(name),
  name: z.string(),
  tier: z.string().default('enterprise'),
  limits: z
    .strictObject({
      max_pipelines: z.int(),
      max_connections: z.int(),
      max_concurrent_runs: z.int().min(1).max(500),
      max_agent_count: z.int(),
    })
    .partial()
    .default({}),
  allowedNetworks: z.array(z.union([z.cidrv4(), z.cidrv6()])).default([]),
  allowedTargets: z.array(z.string()).default([]),
});

/** What a deploy takes, with `-c name=value`; lists and objects as JSON. Public interface: docs/operate.md lists it. */
const Context = z.strictObject({
  prefix: z.string().regex(name).max(20).default('planasonix'),
  permissionsBoundary: z.string().startsWith('arn:').optional(),
  rolePath: z
    .string()
    .regex(/^\/([\w+=,.@-]+\/)*$/)
    .default('/'),
  kmsKeyArn: z.string().startsWith('arn:').optional(),
  vpcId: z.string().optional(),
  subnetIds: z.array(z.string()).default([]),
  securityGroupIds: z.array(z.string()).default([]),
  allowedWebhookNetworks: z.array(z.union([z.cidrv4(), z.cidrv6()])).default([]),
  alarmEmail: z.email().optional(),
  organizations: z
    .array(OrganizationContext)
    .min(1)
    .default([
      {
        slug: 'default',
        name: 'Default',
        tier: 'enterprise',
        limits: {},
        allowedNetworks: [],
        allowedTargets: [],
      },
    ]),
});

const Stage = Context.refine(
  ({ vpcId, subnetIds, securityGroupIds }) =>
    (vpcId === undefined) === (subnetIds.length === 0) &&
    (vpcId === undefined) === (securityGroupIds.length === 0),
  { path: ['vpcId'], message: 'vpcId, subnetIds and securityGroupIds are given together' },
);
export type Stage = z.output<typeof Stage>;

/** For every function that stores or calls a webhook's URL. */
export const webhookNetworks = ({ allowedWebhookNetworks }: Stage): Record<string, string> =>
  allowedWebhookNetworks.length > 0 ? { ALLOWED_WEBHOOK_NETWORKS: allowedWebhookNetworks.join(',') } : {};

const parsed = (value: unknown) => {
  if (typeof value !== 'string' || !/^[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
};

/** @throws with every problem of the context, before anything is made. */
export const readStage = (node: Node): Stage => {
  const given = Object.keys(Context.shape).flatMap((key) => {
    const value = node.tryGetContext(key);
    return value === undefined ? [] : [[key, parsed(value)]];
  });
  const result = Stage.safeParse(Object.fromEntries(given));
  if (result.success) return result.data;
  throw new Error(`The deploy's context is not valid (docs/operate.md):\n${z.prettifyError(result.error)}`);
};
