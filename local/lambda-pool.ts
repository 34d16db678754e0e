import { AwsError } from '#local/aws-error.ts';
import { type Environment, lambdaEnvironment } from '#local/lambda-environment.ts';
import type { FunctionSpec, LogLine } from '#local/lambda-host.ts';

export type PoolOptions = { idleMs: number; onLog: (line: LogLine) => void };

export type LambdaPool = {
  acquire(): Promise<{ environment: Environment; isCold: boolean }>;
  release(environment: Environment): void;
  close(): Promise<void>;
};

const defaultConcurrency = 10;
/** A busy environment is often free sooner than a new one is loaded (0.2 s and 30 MB). */
const patienceMs = 20;

/** Environments that wait for a request, the last used first out; each is dropped after `idleMs`. */
const idleEnvironments = (idleMs: number, drop: (environment: Environment) => void) => {
  const timers = new Map<Environment, NodeJS.Timeout>();
  const remove = (environment: Environment) => {
    clearTimeout(timers.get(environment));
    return timers.delete(environment);
  };
  return {
    isEmpty: () => timers.size === 0,
    remove,
    add: (environment: Environment) => {
      timers.set(environment, setTimeout(() => drop(environment), idleMs).unref());
    },
    take: () => {
      for (const environment of [...timers.keys()].reverse()) {
        remove(environment);
        if (environment.isAlive()) return environment;
        drop(environment);
      }
      return undefined;
    },
  };
};

/** Callers that wait for an environment, first come first served. */
const waitingCallers = () => {
  const callers = new Set<() => void>();
  return {
    /** Resolves when it is the caller's turn or when `limitMs` have passed. */
    turn: async (limitMs?: number) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const giveUp = () => {
        callers.delete(resolve);
        resolve();
      };
      callers.add(resolve);
      const timer = limitMs === undefined ? undefined : setTimeout(giveUp, limitMs);
      await promise;
      clearTimeout(timer);
    },
    wake: (count: number) => {
      for (const caller of [...callers].slice(0, count)) {
        callers.delete(caller);
        caller();
      }
    },
  };
};

/** The execution environments of one function: warm ones first, at most `concurrency`, then callers wait in order. */
export const lambdaPool = (spec: FunctionSpec, { idleMs, onLog }: PoolOptions): LambdaPool => {
  const all = new Set<Environment>();
  const waiting = waitingCallers();
  let isClosed = false;

  const drop = async (environment: Environment) => {
    idle.remove(environment);
    all.delete(environment);
    await environment.end();
  };
  const idle = idleEnvironments(idleMs, drop);
  const isFull = () => idle.isEmpty() && all.size >= (spec.concurrency ?? defaultConcurrency);

  const start = () => {
    const environment = lambdaEnvironment(spec, onLog);
    all.add(environment);
    return { environment, isCold: true };
  };

  return {
    acquire: async () => {
      if (idle.isEmpty() && all.size > 0) await waiting.turn(patienceMs);
      while (isFull()) await waiting.turn();
      if (isClosed) throw new AwsError('ServiceException', 'The local Lambda host is closed', 500);
      const environment = idle.take();
      return environment ? { environment, isCold: false } : start();
    },
    release: (environment) => {
      if (environment.isAlive()) idle.add(environment);
      else void drop(environment);
      waiting.wake(1);
    },
    close: async () => {
      isClosed = true;
      const dropped = [...all].map(drop);
      waiting.wake(Number.POSITIVE_INFINITY);
      await Promise.all(dropped);
    },
  };
};
