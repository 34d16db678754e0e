import type { Invoke } from '#local/invocation.ts';
import { type Execution, startExecution } from '#local/step-functions/execution.ts';
import { type Machine, type MachineSpec, readMachine } from '#local/step-functions/machine.ts';
import { runTask } from '#local/step-functions/task.ts';
import { type TaskTokens, taskTokens } from '#local/step-functions/task-tokens.ts';

export type EngineOptions = {
  machines: readonly MachineSpec[];
  invoke: Invoke;
  /** Called once for every execution that has ended, however it ended; not for those that `close` drops. */
  onExecutionEnded?: (execution: Execution) => void;
};

export type Engine = {
  machines: ReadonlyMap<string, Machine>;
  executions: ReadonlyMap<string, Execution>;
  tokens: TaskTokens;
  start(machine: Machine, name: string, input: string): Execution;
  /** Drops what runs without an event, as a crash would. */
  close(): void;
};

export const createEngine = ({ machines, invoke, onExecutionEnded }: EngineOptions): Engine => {
  const executions = new Map<string, Execution>();
  const tokens = taskTokens();
  let isClosed = false;
  const onEnded = (execution: Execution) => {
    if (!isClosed) onExecutionEnded?.(execution);
  };
  return {
    machines: new Map(machines.map((spec) => [spec.arn, readMachine(spec)])),
    executions,
    tokens,
    start: (machine, name, input) => {
      const run = (call: Parameters<typeof runTask>[2]) => runTask(invoke, tokens, call);
      const execution = startExecution({ machine, name, input, runTask: run, onEnded });
      executions.set(execution.arn, execution);
      return execution;
    },
    close: () => {
      isClosed = true;
      for (const execution of executions.values()) execution.stop();
    },
  };
};
