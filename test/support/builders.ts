import { randomBytes } from 'node:crypto';
import type { CreateConnection } from '#src/domain/connections/connection.ts';
import { defaultPool, gateItems } from '#src/domain/gates/gate.ts';
import { newId } from '#src/domain/ids.ts';
import { cursorSecretKey, organizationKey } from '#src/table/keys.ts';
import type { Table } from '#src/table/table.ts';

export const t0 = Date.parse('2030-01-01T00:00:00.000Z');

type Limits = { max_connections?: number; max_concurrent_runs?: number };

/** An organization as the seeding leaves it, without a key. */
export const anOrganization = async (
  table: Table,
  { max_connections = 200, max_concurrent_runs = 2 }: Limits = {},
) => {
  const id = newId('organization', t0);
  const items = [
    {
      ...organizationKey(id),
      id,
      slug: 'acme',
      name: 'Acme',
      tier: 'enterprise',
      status: 'active',
      limits: { max_pipelines: 500, max_connections, max_concurrent_runs, max_agent_count: 50 },
      allowed_networks: [],
      allowed_targets: [],
    },
    { ...cursorSecretKey(id), secret: randomBytes(32).toString('base64') },
    ...gateItems(id, defaultPool, max_concurrent_runs),
  ];
  for (const put of items) await table.write([{ put }]);
  return id;
};

const anEnd = (host: string) => ({
  type: 'postgres' as const,
  config: { host, port: 5432, database: 'shop', ssl: 'verify-full' as const },
  credentials: { user: 'app', password: 'canary-password-5f2c' },
});

/** The body that creates a valid connection. */
export const aConnectionBody = (over: Partial<CreateConnection> = {}): CreateConnection => ({
  name: 'Orders to warehouse',
  source: anEnd('source.example.com'),
  destination: anEnd('warehouse.example.com'),
  tables: [{ name: 'public.orders', mode: 'incremental', primary_key: ['id'], cursor_column: 'updated_at' }],
  max_source_concurrency: null,
  schema_change: 'widen',
  status: 'active',
  ...over,
});
