import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { hashOfKey, newApiKey } from '#src/domain/api-keys/api-key.ts';
import { apiKeyItem } from '#src/domain/api-keys/api-key-record.ts';
import { auditEntry } from '#src/domain/audit/audit-entry.ts';
import { defaultPool, gateItems } from '#src/domain/gates/gate.ts';
import { newId } from '#src/domain/ids.ts';
import { Organization } from '#src/domain/organizations/organization.ts';
import type { AdminKey, AdminKeySecret } from '#src/lambda/admin-key-secret.ts';
import {
  credentialKey,
  cursorSecretKey,
  gateCapKey,
  organizationKey,
  organizationSlugKey,
} from '#src/table/keys.ts';
import { absent, ConditionFailed, type Item, type Table, type Write } from '#src/table/table.ts';
import type { SeedServices, WantedOrganization } from './wanted-organization.ts';

const Slug = z.object({ organization_id: z.string(), admin_key_hash: z.string() });

/** The slug's item is written last: where it stands, everything before it does. */
export const seedOrganization = async (
  wanted: WantedOrganization,
  secret: AdminKeySecret,
  services: SeedServices,
) => {
  const known = await services.table.get(organizationSlugKey(wanted.slug));
  if (known) await updateOrganization(wanted, Slug.parse(known), services);
  else await createOrganization(wanted, await adminKeyOf(wanted.slug, secret, services), services);
};

/** The key in the secret, made and put there first: what the table gets is derived from it, also after a crash. */
const adminKeyOf = async (
  slug: string,
  secret: AdminKeySecret,
  { clock }: SeedServices,
): Promise<AdminKey> => {
  const keys = await secret.read();
  const known = keys[slug];
  if (known) return known;
  const made = { organization_id: newId('organization', clock.now()), api_key: newApiKey() };
  await secret.write({ ...keys, [slug]: made });
  return made;
};

const attributesOf = (wanted: WantedOrganization) => ({
  name: wanted.name,
  tier: wanted.tier,
  status: 'active' as const,
  limits: wanted.limits,
  allowed_networks: wanted.allowedNetworks,
  allowed_targets: wanted.allowedTargets,
});

const createOrganization = async (
  wanted: WantedOrganization,
  { organization_id: id, api_key }: AdminKey,
  { table, clock }: SeedServices,
) => {
  const now = clock.now();
  const { slug, limits } = wanted;
  await putMissing(table, gateItems(id, defaultPool, limits.max_concurrent_runs));
  const key = {
    id: newId('key', now),
    organization_id: id,
    name: 'Admin key of the deploy',
    scopes: ['admin:organization'],
    created_at: now,
  };
  await table.write([
    {
      put: { ...organizationSlugKey(slug), organization_id: id, admin_key_hash: hashOfKey(api_key) },
      if: { pk: absent },
    },
    { put: { ...organizationKey(id), id, slug, ...attributesOf(wanted) } },
    { put: { ...cursorSecretKey(id), secret: randomBytes(32).toString('base64') } },
    { put: apiKeyItem(api_key, key) },
    audited(id, 'organization.create', now),
  ]);
};

/** The context's values, and the default pool's cap where it still is the limit of before; the key stays. */
const updateOrganization = async (
  wanted: WantedOrganization,
  slug: z.output<typeof Slug>,
  { table, clock }: SeedServices,
) => {
  const id = slug.organization_id;
  const before = Organization.parse(await table.get(organizationKey(id)));
  const after = { ...before, ...attributesOf(wanted) };
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  const cap = after.limits.max_concurrent_runs;
  if (cap !== before.limits.max_concurrent_runs) {
    await putMissing(table, gateItems(id, defaultPool, cap));
    await ignoringRefusal(
      table.write([
        {
          update: gateCapKey(id, defaultPool),
          set: { cap },
          add: { version: 1 },
          if: { cap: before.limits.max_concurrent_runs },
        },
      ]),
    );
  }
  await table.write([
    { update: organizationKey(id), set: attributesOf(wanted) },
    { update: credentialKey(slug.admin_key_hash), set: { is_organization_disabled: false } },
    audited(id, 'organization.update', clock.now()),
  ]);
};

/** No credential of it opens anything from now on; everything it has stays. */
export const disableOrganization = async (slug: string, { table, clock }: SeedServices) => {
  const item = await table.get(organizationSlugKey(slug));
  if (!item) return;
  const { organization_id: id, admin_key_hash } = Slug.parse(item);
  await table.write([
    { update: organizationKey(id), set: { status: 'disabled' } },
    { update: credentialKey(admin_key_hash), set: { is_organization_disabled: true } },
    audited(id, 'organization.disable', clock.now()),
  ]);
};

const audited = (organizationId: string, action: string, now: number): Write =>
  auditEntry(
    {
      organizationId,
      actor: { type: 'deploy', id: 'cloudformation' },
      credentialId: null,
      sourceIp: null,
      requestId: 'deploy',
    },
    { action, resource: { type: 'organization', id: organizationId } },
    now,
  );

/** Puts each item that is not there; one that is keeps what it holds. */
const putMissing = async (table: Table, items: readonly Item[]) => {
  await Promise.all(items.map((put) => ignoringRefusal(table.write([{ put, if: { pk: absent } }]))));
};

const ignoringRefusal = async (write: Promise<void>) => {
  try {
    await write;
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
};
