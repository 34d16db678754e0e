import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import type { FunctionFailure } from '#local/invocation.ts';
import type { FunctionSpec, LogLine } from '#local/lambda-host.ts';
import type { WorkerReply, WorkerRequest } from '#local/lambda-worker.ts';

/** How one request of an environment ended. */
export type Outcome = { payload: string } | { failure: FunctionFailure };

export type Environment = {
  /** Resolves when the function's module is loaded; its outcome is a failure where it is not. */
  ready: Promise<Outcome>;
  run(request: WorkerRequest): Promise<Outcome>;
  isAlive(): boolean;
  end(): Promise<unknown>;
};

const reservedVariables = (spec: FunctionSpec) => ({
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_LAMBDA_FUNCTION_NAME: spec.name,
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  _HANDLER: spec.handler,
});

const exited = (code: number): FunctionFailure => ({
  errorType: 'Runtime.ExitError',
  errorMessage: `Runtime exited with error: exit status ${code}`,
});

const broken = (error: Error & { code?: string }): FunctionFailure =>
  error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? { errorType: 'Runtime.OutOfMemory', errorMessage: 'Runtime exited with error: signal: killed' }
    : { errorType: error.name, errorMessage: error.message };

const outcomeOf = (reply: WorkerReply): Outcome => {
  if (reply.kind === 'ready') return { payload: 'null' };
  return reply.kind === 'result' ? { payload: reply.payload } : { failure: reply.error };
};

const startWorker = (spec: FunctionSpec, log: (line: LogLine) => void) => {
  const worker = new Worker(new URL('./lambda-worker.ts', import.meta.url), {
    workerData: { file: spec.file, exportName: spec.handler.split('.').at(-1) },
    env: { ...reservedVariables(spec), ...spec.env },
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: spec.memoryMb },
    stdout: true,
    stderr: true,
  });
  for (const stream of ['stdout', 'stderr'] as const) {
    createInterface({ input: worker[stream] }).on('line', (line) =>
      log({ function: spec.name, stream, line }),
    );
  }
  return worker;
};

/**
 * One execution environment: a thread that holds the function's module and serves one request at a time.
 * Unlike Lambda's it is not frozen in between: timers and sockets of an idle one go on.
 */
export const lambdaEnvironment = (spec: FunctionSpec, log: (line: LogLine) => void): Environment => {
  const worker = startWorker(spec, log);
  let isAlive = true;
  let settle: ((outcome: Outcome) => void) | undefined;

  const next = () => new Promise<Outcome>((resolve) => (settle = resolve));
  const finish = (outcome: Outcome) => {
    const waiting = settle;
    settle = undefined;
    waiting?.(outcome);
  };
  const die = (failure: FunctionFailure) => {
    isAlive = false;
    finish({ failure });
  };

  worker.on('message', (reply: WorkerReply) => {
    if (reply.kind === 'crash') die(reply.error);
    else finish(outcomeOf(reply));
  });
  worker.on('error', (error) => die(broken(error))); // also while idle: without a listener it would end this process
  worker.on('exit', (code) => die(exited(code)));

  return {
    ready: next(),
    run: (request) => {
      const outcome = next();
      worker.postMessage(request);
      return outcome;
    },
    isAlive: () => isAlive,
    end: () => {
      isAlive = false;
      return worker.terminate();
    },
  };
};
