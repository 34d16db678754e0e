import { parentPort, workerData } from 'node:worker_threads';
import type { FunctionFailure } from '#local/invocation.ts';

/** What the thread is started with. */
export type WorkerBoot = { file: string; exportName: string };

export type WorkerRequest = {
  event: string;
  deadlineMs: number;
  context: Record<string, string>;
};

/** `crash` is an error outside of the handler: the environment is not used again. */
export type WorkerReply =
  | { kind: 'ready' }
  | { kind: 'result'; payload: string }
  | { kind: 'error' | 'crash'; error: FunctionFailure };

const describe = (thrown: unknown): FunctionFailure =>
  thrown instanceof Error
    ? { errorType: thrown.name, errorMessage: thrown.message, trace: (thrown.stack ?? '').split('\n') }
    : { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };

const send = (reply: WorkerReply) => parentPort?.postMessage(reply);

const crash = (error: FunctionFailure) => {
  send({ kind: 'crash', error });
  process.exit(1);
};

const stringify = (result: unknown): WorkerReply => {
  try {
    return { kind: 'result', payload: JSON.stringify(result) ?? 'null' };
  } catch (error) {
    const errorMessage = `Unable to stringify response body: ${describe(error).errorMessage}`;
    return { kind: 'error', error: { errorType: 'Runtime.MarshalError', errorMessage } };
  }
};

const loadHandler = async ({ file, exportName }: WorkerBoot) => {
  const loaded: Record<string, unknown> = await import(file);
  const handler = loaded[exportName];
  if (typeof handler !== 'function') {
    const error = new Error(`${exportName} is undefined or not exported`);
    error.name = 'Runtime.HandlerNotFound';
    throw error;
  }
  return handler;
};

process.on('uncaughtException', (error) => crash(describe(error)));
process.on('unhandledRejection', (reason) => {
  const { errorType, errorMessage } = describe(reason);
  crash({ errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: `${errorType}: ${errorMessage}` });
});

try {
  const handler = await loadHandler(workerData);
  parentPort?.on('message', async ({ event, deadlineMs, context }: WorkerRequest) => {
    const getRemainingTimeInMillis = () => Math.max(0, deadlineMs - Date.now());
    try {
      const lambdaContext = { ...context, callbackWaitsForEmptyEventLoop: true, getRemainingTimeInMillis };
      send(stringify(await handler(JSON.parse(event), lambdaContext)));
    } catch (thrown) {
      send({ kind: 'error', error: describe(thrown) });
    }
  });
  send({ kind: 'ready' });
} catch (thrown) {
  crash(describe(thrown));
}
