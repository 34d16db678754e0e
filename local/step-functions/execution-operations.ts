import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { AwsError } from '#local/aws-error.ts';
import type { Engine } from '#local/step-functions/engine.ts';
import type { Execution } from '#local/step-functions/execution.ts';
import { historyOf } from '#local/step-functions/history.ts';
import { executionArn } from '#local/step-functions/machine.ts';
import { found, Page, pageOf, parseJson, seconds } from '#local/step-functions/wire.ts';

const executionName = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]{1,80}$/u;

const StartInput = z.object({
  stateMachineArn: z.string(),
  name: z.string().optional(),
  input: z.string().default('{}'),
});

export const startExecution = (engine: Engine, body: unknown) => {
  const { stateMachineArn, name = randomUUID(), input } = StartInput.parse(body);
  const machine = found(engine.machines, stateMachineArn, 'StateMachineDoesNotExist');
  if (!executionName.test(name)) throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
  parseJson(input, 'InvalidExecutionInput');
  const arn = executionArn(machine, name);
  const earlier = engine.executions.get(arn);
  if (earlier && !(earlier.status === 'RUNNING' && earlier.input === input)) {
    throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
  }
  const execution = earlier ?? engine.start(machine, name, input);
  return { executionArn: execution.arn, startDate: seconds(execution.startedAt) };
};

const summaryOf = (execution: Execution) => ({
  executionArn: execution.arn,
  stateMachineArn: execution.machine.arn,
  name: execution.name,
  status: execution.status,
  startDate: seconds(execution.startedAt),
  stopDate: seconds(execution.endedAt),
  redriveCount: 0,
});

const ExecutionArn = z.object({ executionArn: z.string() });

const executionOf = (engine: Engine, body: unknown) =>
  found(engine.executions, ExecutionArn.parse(body).executionArn, 'ExecutionDoesNotExist');

export const describeExecution = (engine: Engine, body: unknown) => {
  const execution = executionOf(engine, body);
  const { input, output, error, cause } = execution;
  return { ...summaryOf(execution), input, inputDetails: { included: true }, output, error, cause };
};

const StopInput = z.object({ error: z.string().optional(), cause: z.string().optional() });

export const stopExecution = (engine: Engine, body: unknown) => {
  const execution = executionOf(engine, body);
  const { error, cause } = StopInput.parse(body);
  execution.stop(error, cause);
  return { stopDate: seconds(execution.endedAt) };
};

const ListInput = Page.extend({ stateMachineArn: z.string(), statusFilter: z.string().optional() });

export const listExecutions = (engine: Engine, body: unknown) => {
  const input = ListInput.parse(body);
  const machine = found(engine.machines, input.stateMachineArn, 'StateMachineDoesNotExist');
  const newestFirst = [...engine.executions.values()].reverse();
  const matching = newestFirst.filter(
    (execution) =>
      execution.machine === machine && (!input.statusFilter || execution.status === input.statusFilter),
  );
  const { items, nextToken } = pageOf(matching, input);
  return { executions: items.map(summaryOf), nextToken };
};

const HistoryInput = Page.extend({ reverseOrder: z.boolean().default(false) });

export const getExecutionHistory = (engine: Engine, body: unknown) => {
  const input = HistoryInput.parse(body);
  const events = historyOf(executionOf(engine, body));
  const { items, nextToken } = pageOf(input.reverseOrder ? events.reverse() : events, input);
  return { events: items, nextToken };
};
