import * as z from 'zod';
import type { Clock } from '#src/domain/clock.ts';
import { Limits } from '#src/domain/organizations/organization.ts';
import type { Table } from '#src/table/table.ts';

export type SeedServices = { table: Table; clock: Clock };

/** An organization as the deploy's context names it. */
export const WantedOrganization = z.object({
  slug: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  name: z.string().min(1),
  tier: z.string().default('enterprise'),
  limits: Limits.prefault({}),
  allowedTargets: z.array(z.string()).default([]),
  allowedNetworks: z.array(z.string()).default([]),
});
export type WantedOrganization = z.output<typeof WantedOrganization>;
