import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { readOrganization } from '#src/domain/organizations/organization-repository.ts';
import { lambda } from '#src/lambda/http.ts';

export const getWhoami = endpoint(routes.getWhoami, async ({ caller }, { table }) => {
  const { id, slug, name, tier, limits } = await readOrganization(table, caller.organizationId);
  return {
    credential: { id: caller.credentialId, type: caller.credentialType, name: caller.credentialName },
    scopes: [...caller.scopes],
    organization: { id, slug, name },
    tier,
    limits,
  };
});

export const handler = lambda(getWhoami);
