import type { Clock } from '#src/domain/clock.ts';
import type { Table } from '#src/table/table.ts';

export type ExecutionStatus =
  | 'RUNNING'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'TIMED_OUT'
  | 'ABORTED'
  | 'PENDING_REDRIVE';

/** Starts and looks at executions; the driver is Step Functions. */
export type Runner = {
  /** Idempotent: the same name and input are one execution, whoever starts it and however often. */
  start(execution: { name: string; input: string }): Promise<void>;
  /** Undefined where no such execution exists. */
  describe(name: string): Promise<ExecutionStatus | undefined>;
};

/** What moving a job along needs. */
export type JobServices = {
  table: Table;
  clock: Clock;
  runner: Runner;
  /** Tells fan-out that an organization has events; best effort, the sweeper repeats it. */
  events: { wake(organizationId: string): Promise<void> };
};
