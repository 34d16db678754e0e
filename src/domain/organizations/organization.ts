import * as z from 'zod';

/** Seed 004's figures: what an organization may have where the deploy does not say otherwise. */
export const Limits = z.object({
  max_pipelines: z.int().default(500),
  max_connections: z.int().default(200),
  max_concurrent_runs: z.int().min(1).max(500).default(25),
  max_agent_count: z.int().default(50),
});

/** One tenant of the deployment, as the deploy's context and the seeding made it. */
export const Organization = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  tier: z.string(),
  status: z.enum(['active', 'disabled']),
  limits: Limits,
  allowed_networks: z.array(z.string()),
  allowed_targets: z.array(z.string()),
});
export type Organization = z.output<typeof Organization>;
