import { Agent, type RequestOptions } from 'node:http';
import type { Duplex } from 'node:stream';

/** Idle sockets by everything that was checked; the http agent keeps them, we say what is equal and who opens. */
export type Pool = Agent;

/** Options of a request through the pool. */
export type Pooled = RequestOptions & { poolKey: string; open: () => Promise<Duplex> };

const idleMs = 20_000; // a receiver that announces less by `Keep-Alive: timeout` is obeyed by the agent
const maxIdle = 128; // a function has 1,024 file descriptors in all

/** Keeps the newest idle sockets over all receivers and closes the longest unused above that. */
const limitIdle = (pool: Pool) => {
  const idle = new Set<Duplex>();
  const reuse = pool.reuseSocket.bind(pool);
  pool.reuseSocket = (socket, request) => {
    idle.delete(socket);
    reuse(socket, request);
  };
  pool.on('free', (socket: Duplex) => {
    if (socket.destroyed) return;
    idle.add(socket);
    const [oldest] = idle;
    if (idle.size > maxIdle) oldest?.destroy();
  });
  return (socket: Duplex) => socket.once('close', () => idle.delete(socket));
};

export const createPool = (): Pool => {
  const pool = new Agent({ keepAlive: true, scheduling: 'lifo', timeout: idleMs });
  const watch = limitIdle(pool);
  pool.getName = (options) => (options as Pooled).poolKey;
  pool.createConnection = (options, done) => {
    (options as Pooled).open().then(
      (socket) => done?.(null, watch(socket)),
      (error: Error) => done?.(error, undefined as never), // the agent reads no socket beside an error
    );
    return undefined;
  };
  return pool;
};

let processPool: Pool | undefined;

/** The one pool of this process: it outlives an invocation, so that a warm function reuses its connections. */
export const sharedPool = (): Pool => {
  processPool ??= createPool();
  return processPool;
};

export const hasIdle = (pool: Pool, poolKey: string) => (pool.freeSockets[poolKey]?.length ?? 0) > 0;

export const closeIdle = (pool: Pool, poolKey: string) => {
  for (const socket of [...(pool.freeSockets[poolKey] ?? [])]) socket.destroy();
};
