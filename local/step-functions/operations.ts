import * as z from 'zod';
import type { Engine } from '#local/step-functions/engine.ts';
import {
  describeExecution,
  getExecutionHistory,
  listExecutions,
  startExecution,
  stopExecution,
} from '#local/step-functions/execution-operations.ts';
import type { Machine } from '#local/step-functions/machine.ts';
import { TaskFailure } from '#local/step-functions/task-failure.ts';
import { found, Page, pageOf, parseJson, seconds } from '#local/step-functions/wire.ts';

const machineSummary = ({ arn, name, createdAt }: Machine) => ({
  stateMachineArn: arn,
  name,
  type: 'STANDARD',
  creationDate: seconds(createdAt),
});

const describeStateMachine = (engine: Engine, body: unknown) => {
  const { stateMachineArn } = z.object({ stateMachineArn: z.string() }).parse(body);
  const machine = found(engine.machines, stateMachineArn, 'StateMachineDoesNotExist');
  const { definition, roleArn } = machine;
  return { ...machineSummary(machine), status: 'ACTIVE', definition, roleArn };
};

const TaskAnswer = z.object({
  taskToken: z.string(),
  output: z.string().default('null'),
  error: z.string().default(''),
  cause: z.string().default(''),
});

const sendTaskSuccess = ({ tokens }: Engine, body: unknown) => {
  const { taskToken, output } = TaskAnswer.parse(body);
  const task = tokens.find(taskToken);
  task.succeed(parseJson(output, 'InvalidOutput'));
  return {};
};

const sendTaskFailure = ({ tokens }: Engine, body: unknown) => {
  const { taskToken, error, cause } = TaskAnswer.parse(body);
  tokens.find(taskToken).fail(new TaskFailure(error, cause));
  return {};
};

const sendTaskHeartbeat = ({ tokens }: Engine, body: unknown) => {
  tokens.find(TaskAnswer.parse(body).taskToken).beat();
  return {};
};

/** The operations of the Step Functions API by their name on the wire. */
export const operations: Record<string, (engine: Engine, body: unknown) => object> = {
  StartExecution: startExecution,
  DescribeExecution: describeExecution,
  StopExecution: stopExecution,
  ListExecutions: listExecutions,
  GetExecutionHistory: getExecutionHistory,
  DescribeStateMachine: describeStateMachine,
  ListStateMachines: (engine, body) => {
    const { items, nextToken } = pageOf([...engine.machines.values()], Page.parse(body));
    return { stateMachines: items.map(machineSummary), nextToken };
  },
  SendTaskSuccess: sendTaskSuccess,
  SendTaskFailure: sendTaskFailure,
  SendTaskHeartbeat: sendTaskHeartbeat,
};
