import * as z from 'zod';
import { dataPlane } from '#src/connectors/data-plane.ts';
import { openConnection } from '#src/domain/connections/connection-repository.ts';
import { allowedNetworks } from '#src/domain/organizations/organization-repository.ts';
import { awsTable } from '#src/lambda/aws-table.ts';
import { isLocal } from '#src/lambda/env.ts';
import { task } from '#src/lambda/task.ts';
import { awsVault } from '#src/lambda/vault.ts';

const Question = z.object({
  organization_id: z.string(),
  connection_id: z.string(),
  what: z.enum(['check', 'discover']),
});

/** Answers for the API what only a worker that may open databases can know. */
export const handler = task(
  Question,
  async ({ organization_id: organizationId, connection_id: connectionId, what }) => {
    const table = awsTable();
    const [open, networks] = await Promise.all([
      openConnection(table, awsVault(), { organizationId, connectionId }),
      allowedNetworks(table, organizationId),
    ]);
    const network = { allowedNetworks: networks, allowLoopback: isLocal() };
    const { source, destination, connection } = open;
    const plane = dataPlane();
    return what === 'discover'
      ? plane.discover({ source, network })
      : plane.check({
          source,
          destination,
          network,
          tables: connection.tables,
          schemaChange: connection.schema_change,
        });
  },
);
