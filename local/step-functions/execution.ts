import type { StateMachine } from 'aws-local-stepfunctions';
import { executionArn, type Machine } from '#local/step-functions/machine.ts';
import { type TaskCall, tokenPlaceholder } from '#local/step-functions/task.ts';
import { dataLimitExceeded, isTooLarge } from '#local/step-functions/task-failure.ts';

type Run = ReturnType<StateMachine['run']>;
type Json = Awaited<Run['result']>;
export type ExecutionEvent = Run['eventLogs'] extends AsyncGenerator<infer Event> ? Event : never;
type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export type Execution = {
  arn: string;
  name: string;
  machine: Machine;
  input: string;
  status: ExecutionStatus;
  startedAt: number;
  endedAt?: number;
  output?: string;
  error?: string;
  cause?: string;
  events: ExecutionEvent[];
  /** States entered and attempts repeated: what a Standard execution is billed by. */
  transitions: number;
  stop(error?: string, cause?: string): void;
};

type End = {
  status: ExecutionStatus;
  output?: string;
  error?: string | undefined;
  cause?: string | undefined;
};

export type StartOptions = {
  machine: Machine;
  name: string;
  input: string;
  runTask(call: TaskCall): Promise<unknown>;
  onEnded(execution: Execution): void;
};

const contextOf = (execution: Execution) => ({
  Execution: { Id: execution.arn, Name: execution.name, RoleArn: execution.machine.roleArn, RedriveCount: 0 },
  StateMachine: { Id: execution.machine.arn, Name: execution.machine.name },
  Task: { Token: tokenPlaceholder },
});

/** A Fail state without Error or Cause leaves them out; the interpreter puts these in their place. */
const interpreterDefaults = new Set(['FailStateError', 'Execution failed because of a Fail state']);

const failureOf = (thrown: unknown): End => {
  if (thrown instanceof Error && thrown.name === 'ExecutionTimeoutError') return { status: 'TIMED_OUT' };
  const failure = thrown instanceof Error ? thrown.cause : undefined;
  const { name, message } = failure instanceof Error ? failure : new Error(String(thrown));
  const unlessDefault = (text: string) => (interpreterDefaults.has(text) ? undefined : text);
  return { status: 'FAILED', error: unlessDefault(name), cause: unlessDefault(message) };
};

const isTransition = ({ type }: ExecutionEvent) => type === 'StateEntered' || type === 'StateRetried';

const oversizedState = (event: ExecutionEvent) =>
  event.type === 'StateExited' && isTooLarge(JSON.stringify(event.state.output))
    ? event.state.name
    : undefined;

const interpret = (execution: Execution, signal: AbortSignal, runTask: StartOptions['runTask']): Run => {
  const { interpreter, tasks, roleArn } = execution.machine;
  const handlers = tasks.map(([name, task]) => [
    name,
    (input: Json) => runTask({ name, task, input, roleArn, signal }) as Promise<Json>,
  ]);
  return interpreter.run(JSON.parse(execution.input), {
    context: contextOf(execution),
    overrides: { taskResourceLocalHandlers: Object.fromEntries(handlers) },
  });
};

/** Starts an execution; it ends once, whichever of its result, its time limit, its size and a stop comes first. */
export const startExecution = ({ machine, name, input, runTask, onEnded }: StartOptions): Execution => {
  const abort = new AbortController();
  const end = ({ status, ...rest }: End) => {
    if (execution.status !== 'RUNNING') return;
    Object.assign(execution, rest, { status, endedAt: Date.now() });
    abort.abort();
    run.abort();
    onEnded(execution);
  };
  const execution: Execution = {
    arn: executionArn(machine, name),
    name,
    machine,
    input,
    status: 'RUNNING',
    startedAt: Date.now(),
    events: [],
    transitions: 0,
    stop: (error, cause) => end({ status: 'ABORTED', error, cause }),
  };
  const run = interpret(execution, abort.signal, runTask);

  const follow = async () => {
    for await (const event of run.eventLogs) {
      execution.events.push(event);
      if (isTransition(event)) execution.transitions++;
      const oversized = oversizedState(event);
      if (oversized) end(failureOf(new Error('', { cause: dataLimitExceeded(oversized) })));
    }
  };
  const followed = follow();
  run.result.then(
    (output) => followed.then(() => end({ status: 'SUCCEEDED', output: JSON.stringify(output) })),
    (thrown) => followed.then(() => end(failureOf(thrown))),
  );
  return execution;
};
