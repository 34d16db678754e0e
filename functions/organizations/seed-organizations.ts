import type { CdkCustomResourceEvent, CdkCustomResourceResponse } from 'aws-lambda';
import * as z from 'zod';
import { type AdminKeySecret, adminKeySecret } from '#src/lambda/admin-key-secret.ts';
import { awsTable } from '#src/lambda/aws-table.ts';
import { systemClock } from '#src/lambda/clock.ts';
import { disableOrganization, seedOrganization } from './organization-writes.ts';
import { type SeedServices, WantedOrganization } from './wanted-organization.ts';

const Properties = z.object({
  Organizations: z
    .string()
    .transform((text) => JSON.parse(text))
    .pipe(z.array(WantedOrganization)),
  AdminKeySecretArn: z.string(),
});

type Services = SeedServices & { secretAt(arn: string): AdminKeySecret };

/** Makes the table hold what the deploy's context says. Every step may be repeated, and a crash after any loses nothing. */
export const seed =
  (services: () => Services) =>
  async (event: CdkCustomResourceEvent): Promise<CdkCustomResourceResponse> => {
    if (event.RequestType !== 'Delete') {
      const { Organizations: wanted, AdminKeySecretArn } = Properties.parse(event.ResourceProperties);
      const { secretAt, ...stores } = services();
      const secret = secretAt(AdminKeySecretArn);
      for (const organization of wanted) await seedOrganization(organization, secret, stores);
      for (const slug of removedSlugs(event, wanted)) await disableOrganization(slug, stores);
    }
    return { PhysicalResourceId: 'organizations' };
  };

const removedSlugs = (event: CdkCustomResourceEvent, wanted: readonly WantedOrganization[]) => {
  if (event.RequestType !== 'Update') return [];
  const before = Properties.safeParse(event.OldResourceProperties);
  const slugs = before.success ? before.data.Organizations.map(({ slug }) => slug) : [];
  return slugs.filter((slug) => wanted.every((organization) => organization.slug !== slug));
};

export const handler = seed(() => ({ table: awsTable(), clock: systemClock, secretAt: adminKeySecret }));
