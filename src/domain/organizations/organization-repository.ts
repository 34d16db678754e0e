import { notFound } from '#src/domain/failure.ts';
import { organizationKey } from '#src/table/keys.ts';
import type { Table } from '#src/table/table.ts';
import { Organization } from './organization.ts';

/** @throws Failure `not_found` */
export const readOrganization = async (table: Table, organizationId: string) => {
  const item = await table.get(organizationKey(organizationId));
  if (!item) throw notFound('organization');
  return Organization.parse(item);
};

/** The CIDRs that the organization's databases must lie in, as the deploy gave them. */
export const allowedNetworks = async (table: Table, organizationId: string) =>
  (await readOrganization(table, organizationId)).allowed_networks;
