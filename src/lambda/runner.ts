import { DescribeExecutionCommand, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Runner } from '#src/domain/jobs/runner.ts';
import { env } from './env.ts';
import { executionArn } from './execution-link.ts';

const isNamed = (error: unknown, name: string) => error instanceof Error && error.name === name;

/** Executions of the job state machine, by name. */
export const stepFunctionsRunner = (
  workflows: SFNClient,
  machineArn = () => env('JOB_STATE_MACHINE_ARN'),
): Runner => ({
  async start({ name, input }) {
    try {
      await workflows.send(new StartExecutionCommand({ stateMachineArn: machineArn(), name, input }));
    } catch (error) {
      // While it runs, the same input is answered as started: this one has ended already.
      if (!isNamed(error, 'ExecutionAlreadyExists')) throw error;
    }
  },
  async describe(name) {
    try {
      const found = await workflows.send(
        new DescribeExecutionCommand({ executionArn: executionArn(name, machineArn()) }),
      );
      return found.status;
    } catch (error) {
      if (isNamed(error, 'ExecutionDoesNotExist')) return undefined;
      throw error;
    }
  },
});
