import * as z from 'zod';

const Env = z.object({
  TABLE_NAME: z.string(),
  RESULTS_BUCKET: z.string(),
  DATA_KEY_ARN: z.string(),
  JOB_STATE_MACHINE_ARN: z.string(),
  EVENTS_QUEUE_URL: z.url(),
  DELIVERIES_QUEUE_URL: z.url(),
  EVENT_BUS_NAME: z.string(),
  INSPECT_FUNCTION_NAME: z.string(),
  DEPLOYMENT_VERSION: z.string(),
  /** CIDRs that webhooks may reach besides public addresses, separated by commas. */
  ALLOWED_WEBHOOK_NETWORKS: z.string().default(''),
});
type Name = keyof z.output<typeof Env>;

/** One variable of the function's environment, read on use: importing a handler needs none. */
export const env = (name: Name): string => Env.shape[name].parse(process.env[name]);

/** Whether this is the local runtime, where databases and webhooks on loopback are allowed. */
export const isLocal = () => process.env.PLANASONIX_LOCAL === '1';
