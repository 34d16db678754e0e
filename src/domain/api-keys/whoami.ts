import * as z from 'zod';
import { idSchema } from '#src/domain/ids.ts';

/** What a credential can learn of itself. */
export const Whoami = z
  .object({
    credential: z.object({ id: z.string(), type: z.string(), name: z.string() }),
    scopes: z.array(z.string()),
    organization: z.object({ id: idSchema('organization'), slug: z.string(), name: z.string() }),
    tier: z.string(),
    limits: z.record(z.string(), z.int()),
  })
  .meta({ id: 'Whoami' });
