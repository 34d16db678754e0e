import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { shown } from '#src/domain/connections/connection.ts';
import { sealCredentials } from '#src/domain/connections/connection-credentials.ts';
import { readConnection } from '#src/domain/connections/connection-repository.ts';
import { updatedConnection, updateRefused, updateWrites } from '#src/domain/connections/update-connection.ts';
import { defaultPool } from '#src/domain/gates/gate.ts';
import { dispatchConnection, dispatchPool } from '#src/domain/jobs/dispatch.ts';
import type { JobServices } from '#src/domain/jobs/runner.ts';
import { dispatch } from '#src/lambda/dispatch.ts';
import { lambda } from '#src/lambda/http.ts';
import { seal } from '#src/lambda/vault.ts';
import { ConditionFailed } from '#src/table/table.ts';

export const updateConnection = endpoint(
  routes.updateConnection,
  async ({ params, body, caller: { organizationId }, matchVersion, commit }, services) => {
    const { table, clock, vault } = services;
    const before = await readConnection(table, organizationId, params.connectionId);
    matchVersion(before.version);
    const after = updatedConnection(before, body, clock.now());
    const place = { organizationId, connectionId: before.id };
    const [source, destination] = await Promise.all(
      [body.source?.credentials, body.destination?.credentials].map(
        (credentials) => credentials && sealCredentials(vault, place, credentials),
      ),
    );
    try {
      await commit({
        writes: updateWrites(organizationId, { before, after }, { source, destination }),
        action: 'connection.update',
        resource: { type: 'connection', id: after.id },
        reply: shown(after),
        before,
        after,
      });
    } catch (error) {
      throw error instanceof ConditionFailed ? updateRefused(error, after.name) : error;
    }
    if (before.status === 'paused' && after.status === 'active')
      await resume(organizationId, after.id, services);
    return shown(after);
  },
);

/** Syncs that waited for the resume begin now; where this fails, the sweeper begins them. */
const resume = async (organizationId: string, connectionId: string, services: JobServices) => {
  await Promise.allSettled([
    dispatchConnection(organizationId, connectionId, services).then(() =>
      dispatchPool(organizationId, defaultPool, services),
    ),
  ]);
};

export const handler = lambda(updateConnection, { seal, dispatch });
