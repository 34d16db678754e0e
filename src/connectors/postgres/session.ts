import pg from 'pg';
import { checkDatabaseHost } from '#src/egress/database-host.ts';
import { ConnectorError, type End, type Network } from '../connector.ts';
import { connectorError } from './errors.ts';

export type SessionOptions = {
  end: 'source' | 'destination';
  at: End;
  network: Network;
  applicationName: string;
  /** No statement runs longer. */
  timeoutMs: number;
  signal?: AbortSignal;
};

/** What makes COPY's text the same everywhere: the canonical form of docs/connectors.md. */
const settings = `
  SET client_encoding = 'UTF8'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; SET timezone = 'UTC';
  SET extra_float_digits = 1; SET bytea_output = 'hex'; SET search_path = ''; SET lock_timeout = '5s';
  SET idle_in_transaction_session_timeout = '15min'`;

const text = (value: unknown) => (typeof value === 'string' ? value : '');

const tlsOf = (mode: string, host: string) => {
  if (mode === 'disable') return false;
  return { rejectUnauthorized: mode !== 'require', servername: host };
};

/** The address that the host may be reached at, in the same words for every refusal. */
const addressOf = async ({ end, at, network }: SessionOptions) => {
  const { host, port } = at.config;
  const verdict = await checkDatabaseHost(text(host), Number(port ?? 5432), network);
  if (verdict.ok) return verdict.address;
  throw new ConnectorError({
    code: verdict.errorClass,
    message:
      verdict.errorClass === 'dns'
        ? `The host of the ${end} has no address.`
        : `The host of the ${end} is not allowed.`,
    class: 'configuration',
    retryable: verdict.errorClass === 'dns',
    hint: 'The deploy’s allowedNetworks lists what databases may be reached.',
  });
};

/** An open session; ends with its signal, at the server too. */
export type Session = { client: pg.Client; pid: number; end: () => Promise<void>; query: pg.Client['query'] };

const configOf = async (options: SessionOptions): Promise<pg.ClientConfig> => {
  const { at, applicationName, timeoutMs } = options;
  return {
    host: await addressOf(options),
    port: Number(at.config.port ?? 5432),
    database: text(at.config.database),
    user: text(at.credentials.user),
    password: text(at.credentials.password),
    ssl: tlsOf(text(at.config.ssl) || 'verify-full', text(at.config.host)),
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    statement_timeout: Math.max(1000, Math.floor(timeoutMs)),
    keepAlive: true,
  };
};

/** Ends the backend by another session: closing a socket alone leaves a busy statement running. */
const terminate = async (config: pg.ClientConfig, pid: number) => {
  const killer = new pg.Client({ ...config, application_name: 'plnx/cancel', statement_timeout: 5000 });
  killer.on('error', () => undefined);
  try {
    await killer.connect();
    await killer.query('SELECT pg_terminate_backend($1)', [pid]);
  } finally {
    await killer.end();
  }
};

/** @throws ConnectorError where the end cannot be reached or refuses. */
export const openSession = async (options: SessionOptions): Promise<Session> => {
  const config = await configOf(options);
  const client = new pg.Client(config);
  client.on('error', () => undefined); // the statement that runs then fails with it
  try {
    await client.connect();
    await client.query(settings);
  } catch (error) {
    client.end().catch(() => undefined);
    throw connectorError(error, options.end);
  }
  const pid = (client as unknown as { processID: number }).processID;
  const abort = () => {
    terminate(config, pid).catch(() => undefined);
  };
  options.signal?.addEventListener('abort', abort, { once: true });
  if (options.signal?.aborted) abort();
  return {
    client,
    pid,
    query: client.query.bind(client) as pg.Client['query'],
    end: async () => {
      options.signal?.removeEventListener('abort', abort);
      await client.end().catch(() => undefined);
    },
  };
};

/** Everything or nothing. */
export const inTransaction = async <T>(session: Session, work: () => Promise<T>): Promise<T> => {
  await session.query('BEGIN');
  try {
    const result = await work();
    await session.query('COMMIT');
    return result;
  } catch (error) {
    await session.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
};
