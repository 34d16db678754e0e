import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AwsError } from '#local/aws-error.ts';
import type { Invocation } from '#local/invocation.ts';
import type { Execution } from '#local/step-functions/execution.ts';
import { readMachine, readMachineSpec } from '#local/step-functions/machine.ts';
import { statusChangeEvent } from '#local/step-functions/status-change.ts';
import { createStepFunctions } from '#local/step-functions/step-functions.ts';

const roleArn = 'arn:aws:iam::000000000000:role/job';
const arn = (name: string) => `arn:aws:states:eu-west-1:000000000000:stateMachine:${name}`;
const lambda = (name: string) => `arn:aws:lambda:eu-west-1:000000000000:function:${name}`;
const machine = (name: string, States: object, more = {}) => ({
  name,
  arn: arn(name),
  roleArn,
  definition: JSON.stringify({ StartAt: Object.keys(States)[0], States, ...more }),
});
const task = (name: string, more = {}) => ({ Type: 'Task', Resource: lambda(name), End: true, ...more });
const oneTask = (machineName: string, functionName: string, more = {}) =>
  machine(machineName, { Work: task(functionName, more) });

const soon = { IntervalSeconds: 1, MaxDelaySeconds: 1, JitterStrategy: 'FULL' };
const job = machine('job', {
  RunSlice: task('run-slice', {
    End: undefined,
    TimeoutSeconds: 840,
    Retry: [{ ErrorEquals: ['Transient'], MaxAttempts: 2, ...soon }],
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'FailJob' }],
    Next: 'More?',
  }),
  'More?': {
    Type: 'Choice',
    Choices: [{ Variable: '$.more', BooleanEquals: true, Next: 'RunSlice' }],
    Default: 'Done',
  },
  Done: { Type: 'Succeed' },
  FailJob: task('fail-job', { End: undefined, ResultPath: null, Next: 'Failed' }),
  Failed: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
});

const calls: { name: string; payload: unknown; roleArn: string | undefined }[] = [];
const ended: Execution[] = [];
const replies = new Map<string, (payload: never, nth: number) => Invocation | Promise<Invocation>>();
const reply = (name: string, make: (payload: never, nth: number) => Invocation | Promise<Invocation>) =>
  replies.set(lambda(name), make);
const error = (errorType: string, errorMessage = ''): Invocation => ({
  payload: { errorType, errorMessage },
  functionError: 'Unhandled',
});
const never = new Promise<Invocation>(() => {});

const engine = createStepFunctions({
  machines: [
    job,
    oneTask('hang', 'hang'),
    machine('timeout', {
      Work: task('hang', {
        TimeoutSeconds: 1,
        Catch: [
          { ErrorEquals: ['States.TaskFailed'], Next: 'Wrong' },
          { ErrorEquals: ['States.Timeout'], Next: 'Right' },
        ],
      }),
      Wrong: { Type: 'Fail' },
      Right: { Type: 'Succeed' },
    }),
    oneTask('large', 'large', { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Work' }] }),
    oneTask('echo', 'echo'),
    machine('lambda-invoke', {
      Work: {
        Type: 'Task',
        Resource: 'arn:aws-cn:states:::lambda:invoke',
        Parameters: { FunctionName: lambda('echo'), 'Payload.$': '$' },
        End: true,
      },
    }),
    machine('token', {
      Work: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
        Parameters: { FunctionName: lambda('ask'), Payload: { 'token.$': '$$.Task.Token' } },
        HeartbeatSeconds: 1,
        Retry: [
          {
            ErrorEquals: ['Again'],
            MaxAttempts: 1,
            IntervalSeconds: 1,
            MaxDelaySeconds: 1,
            JitterStrategy: 'FULL',
          },
        ],
        End: true,
      },
    }),
    machine('quirks', {
      Falsy: { Type: 'Pass', Result: 0, ResultPath: '$.zero', Next: 'Root' },
      Root: task('echo', { ResultPath: '$' }),
    }),
    machine('grow', { Add: { Type: 'Pass', Result: 1, ResultPath: '$.one', End: true } }),
    machine('bare-fail', { Failed: { Type: 'Fail' } }),
    machine('slow', { Wait: { Type: 'Wait', Seconds: 60, End: true } }, { TimeoutSeconds: 1 }),
    machine('retry-then-stop', {
      Work: task('transient', { Retry: [{ ErrorEquals: ['Transient'], IntervalSeconds: 60 }] }),
    }),
  ],
  invoke: async (functionName, payload, role) => {
    const nth = calls.filter(({ name }) => name === functionName).length;
    calls.push({ name: functionName, payload, roleArn: role });
    const make = replies.get(functionName);
    if (!make) throw new AwsError('ResourceNotFoundException', `Function not found: ${functionName}`, 404);
    return make(payload as never, nth);
  },
  onExecutionEnded: (execution) => ended.push(execution),
});

let client: SFNClient;
beforeAll(async () => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new SFNClient({
    region: 'eu-west-1',
    endpoint: await engine.listen(0),
    credentials,
    maxAttempts: 1,
  });
  reply('echo', (payload) => ({ payload }));
  reply('hang', () => never);
  reply('transient', () => error('Transient'));
  reply('large', () => ({ payload: 'x'.repeat(256 * 1024) }));
});
afterAll(async () => {
  client.destroy();
  await engine.close();
});

const start = async (machineName: string, input: unknown = {}, name?: string) => {
  const command = new StartExecutionCommand({
    stateMachineArn: arn(machineName),
    input: JSON.stringify(input),
    name,
  });
  const { executionArn = '' } = await client.send(command);
  return executionArn;
};
const describeExecution = (executionArn: string) =>
  client.send(new DescribeExecutionCommand({ executionArn }));
const finish = async (executionArn: string) => {
  for (;;) {
    const execution = await describeExecution(executionArn);
    if (execution.status !== 'RUNNING') return execution;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
const run = async (machineName: string, input: unknown = {}) => finish(await start(machineName, input));

describe('a job execution', () => {
  it('loops while there is more, and counts its transitions', async () => {
    reply('run-slice', ({ slices = 0 }) => ({ payload: { slices: slices + 1, more: slices < 1 } }));

    const execution = await run('job', {});

    expect(execution).toMatchObject({
      status: 'SUCCEEDED',
      output: '{"slices":2,"more":false}',
      input: '{}',
    });
    expect(engine.transitions(execution.executionArn ?? '')).toBe(5);
    expect(calls.at(-1)).toMatchObject({ name: lambda('run-slice'), roleArn });
  });

  it('repeats an error that Retry names, and counts the attempt as a transition', async () => {
    calls.length = 0;
    reply('run-slice', (_, nth) => (nth === 0 ? error('Transient') : { payload: { more: false } }));

    const execution = await run('job');

    expect(execution.status).toBe('SUCCEEDED');
    expect(engine.transitions(execution.executionArn ?? '')).toBe(4);
  });

  it('catches any other error by name, keeps its input beside it, and fails by path', async () => {
    calls.length = 0;
    reply('run-slice', () => error('Permanent', '{"class":"source"}'));
    reply('fail-job', () => ({ payload: {} }));

    const execution = await run('job', { job_id: 'job_1' });

    const Cause = '{"errorType":"Permanent","errorMessage":"{\\"class\\":\\"source\\"}"}';
    expect(calls.map(({ name }) => name)).toEqual([lambda('run-slice'), lambda('fail-job')]);
    expect(calls[1]?.payload).toEqual({ job_id: 'job_1', error: { Error: 'Permanent', Cause } });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'Permanent', cause: Cause });
  });

  it('names the error of a function that does not exist', async () => {
    replies.delete(lambda('run-slice'));
    reply('fail-job', () => ({ payload: {} }));

    expect(await run('job')).toMatchObject({ status: 'FAILED', error: 'Lambda.ResourceNotFoundException' });
  });
});

describe('limits', () => {
  it('a Task past its TimeoutSeconds raises States.Timeout, which States.TaskFailed does not match', async () => {
    expect(await run('timeout')).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('an execution past its TimeoutSeconds is TIMED_OUT', async () => {
    expect(await run('slow')).toMatchObject({ status: 'TIMED_OUT' });
  });

  it('a result above 256 KB is States.DataLimitExceeded, which States.ALL does not match', async () => {
    expect(await run('large')).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
    await expect(start('echo', 'x'.repeat(256 * 1024))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  it('a state whose output grows above 256 KB ends the execution', async () => {
    const text = 'x'.repeat(262_130);

    expect(await run('grow', { text })).toMatchObject({
      status: 'FAILED',
      error: 'States.DataLimitExceeded',
    });
    expect(await run('grow', { text: text.slice(20) })).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('starting and stopping', () => {
  it('E3 the same name with the same input is the same execution while it runs, else it exists already', async () => {
    const first = await start('hang', { a: 1 }, 'job_1-1');

    expect(first).toBe('arn:aws:states:eu-west-1:000000000000:execution:hang:job_1-1');
    expect(await start('hang', { a: 1 }, 'job_1-1')).toBe(first);
    await expect(start('hang', { a: 2 }, 'job_1-1')).rejects.toMatchObject({
      name: 'ExecutionAlreadyExists',
    });
    await client.send(
      new StopExecutionCommand({ executionArn: first, error: 'Cancelled', cause: 'by the caller' }),
    );
    await expect(start('hang', { a: 1 }, 'job_1-1')).rejects.toMatchObject({
      name: 'ExecutionAlreadyExists',
    });
    expect(await describeExecution(first)).toMatchObject({
      status: 'ABORTED',
      error: 'Cancelled',
      cause: 'by the caller',
      stopDate: expect.any(Date),
    });
  });

  it('D4 a stop while a retry is waiting never runs the next attempt', async () => {
    calls.length = 0;
    const executionArn = await start('retry-then-stop');
    await client.send(new StopExecutionCommand({ executionArn }));
    await new Promise((resolve) => setTimeout(resolve, 20));

    expect(calls).toHaveLength(1);
    expect(await describeExecution(executionArn)).toMatchObject({ status: 'ABORTED' });
  });

  it.each([
    [{ stateMachineArn: arn('nothing') }, 'StateMachineDoesNotExist'],
    [{ stateMachineArn: arn('echo'), name: 'a b' }, 'InvalidName'],
    [{ stateMachineArn: arn('echo'), name: 'x'.repeat(81) }, 'InvalidName'],
    [{ stateMachineArn: arn('echo'), input: '{' }, 'InvalidExecutionInput'],
  ])('refuses %o with %s', async (input, name) => {
    await expect(client.send(new StartExecutionCommand(input))).rejects.toMatchObject({ name });
  });

  it('tells of every end, once, in the words of the aws.states event', async () => {
    ended.length = 0;
    const { executionArn } = await run('bare-fail', { a: 1 });
    const aborted = await start('hang');
    await client.send(new StopExecutionCommand({ executionArn: aborted }));
    await client.send(new StopExecutionCommand({ executionArn: aborted }));

    expect(ended.map(({ status }) => status)).toEqual(['FAILED', 'ABORTED']);
    expect(ended.map(statusChangeEvent)[0]).toMatchObject({
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      resources: [executionArn],
      detail: {
        executionArn,
        stateMachineArn: arn('bare-fail'),
        status: 'FAILED',
        input: '{"a":1}',
        output: null,
        error: null,
        cause: null,
        stopDate: expect.any(Number),
      },
    });
  });
});

describe('task tokens', () => {
  const issued = async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    reply('ask', ({ token }) => {
      resolve(token);
      return { payload: null };
    });
    return { executionArn: await start('token'), taskToken: await promise };
  };

  it('end the Task with the output that is sent, once', async () => {
    const { executionArn, taskToken } = await issued();
    await client.send(new SendTaskHeartbeatCommand({ taskToken }));
    await client.send(new SendTaskSuccessCommand({ taskToken, output: '{"answer":42}' }));

    expect(await finish(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '{"answer":42}' });
    await expect(client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }))).rejects.toMatchObject({
      name: 'TaskTimedOut',
    });
  });

  it('are new for every attempt', async () => {
    const { taskToken, executionArn } = await issued();
    const { promise, resolve } = Promise.withResolvers<string>();
    reply('ask', ({ token }) => {
      resolve(token);
      return { payload: null };
    });
    await client.send(new SendTaskFailureCommand({ taskToken, error: 'Again', cause: 'not yet' }));
    const second = await promise;
    await client.send(new SendTaskFailureCommand({ taskToken: second, error: 'Again', cause: 'given up' }));

    expect(second).not.toBe(taskToken);
    expect(await finish(executionArn)).toMatchObject({ status: 'FAILED', error: 'Again', cause: 'given up' });
  });

  it('end with States.HeartbeatTimeout where the heartbeat stays away', async () => {
    const { executionArn } = await issued();

    expect(await finish(executionArn)).toMatchObject({ status: 'FAILED', error: 'States.HeartbeatTimeout' });
  });

  it('die with a stopped execution and with a function that fails', async () => {
    const { executionArn, taskToken } = await issued();
    await client.send(new StopExecutionCommand({ executionArn }));
    await expect(client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }))).rejects.toMatchObject({
      name: 'TaskTimedOut',
    });

    reply('ask', () => error('Broken'));
    expect(await run('token')).toMatchObject({ status: 'FAILED', error: 'Broken' });
  });
});

describe('what the interpreter does otherwise than AWS', () => {
  it('is put right: falsy results and a ResultPath of $', async () => {
    expect((await run('quirks', { a: 1 })).output).toBe('{"a":1,"zero":0}');
  });

  it('lambda:invoke wraps the reply, in every partition', async () => {
    const { output } = await run('lambda-invoke', { a: 1 });

    expect(JSON.parse(output ?? '')).toEqual({
      ExecutedVersion: '$LATEST',
      Payload: { a: 1 },
      StatusCode: 200,
    });
  });

  it.each([
    ['JSONata', machine('m', { Work: task('echo') }, { QueryLanguage: 'JSONata' })],
    ['JSONata', machine('m', { Work: task('echo', { QueryLanguage: 'JSONata' }) })],
    ['Assign', machine('m', { Work: task('echo', { Assign: { a: 1 } }) })],
    [
      'Tasks other than Lambda',
      machine('m', { Work: { ...task('echo'), Resource: 'arn:aws:states:::sqs:sendMessage' } }),
    ],
    ['timeouts by path', machine('m', { Work: task('echo', { TimeoutSecondsPath: '$.t' }) })],
    [
      'Distributed Map',
      machine('m', {
        Fan: {
          Type: 'Map',
          ItemProcessor: {
            ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
            StartAt: 'Work',
            States: { Work: task('echo') },
          },
          End: true,
        },
      }),
    ],
    [
      'Tasks other than Lambda',
      machine('m', {
        Both: {
          Type: 'Parallel',
          Branches: [
            {
              StartAt: 'Work',
              States: { Work: { ...task('echo'), Resource: 'arn:aws:states:::aws-sdk:s3:putObject' } },
            },
          ],
          End: true,
        },
      }),
    ],
    ['is invalid', machine('m', { Work: task('echo', { End: undefined, Next: 'Nowhere' }) })],
  ])('is refused when the machine is registered: %s', (what, spec) => {
    expect(() => readMachine(spec)).toThrow(what);
  });
});

describe('the template', () => {
  const properties = { DefinitionString: `{"Resource":"\${Run}","Other":"\${Else}"}`, RoleArn: roleArn };

  it('gives a machine, its substitutions filled in', () => {
    const DefinitionSubstitutions = { Run: lambda('run-slice') };

    expect(readMachineSpec('job', arn('job'), { ...properties, DefinitionSubstitutions })).toEqual({
      name: 'job',
      arn: arn('job'),
      roleArn,
      definition: `{"Resource":"${lambda('run-slice')}","Other":"\${Else}"}`,
    });
  });

  it('is refused for an Express machine', () => {
    expect(() =>
      readMachineSpec('job', arn('job'), { ...properties, StateMachineType: 'EXPRESS' }),
    ).toThrow();
  });
});

describe('reading', () => {
  it('lists machines and executions, newest first, page by page', async () => {
    const first = await start('echo');
    const second = await start('echo');
    await Promise.all([finish(first), finish(second)]);
    const list = (more = {}) =>
      client.send(new ListExecutionsCommand({ stateMachineArn: arn('echo'), maxResults: 1, ...more }));

    const page = await list({ statusFilter: 'SUCCEEDED' });
    const next = await list({ statusFilter: 'SUCCEEDED', nextToken: page.nextToken });
    const machines = await client.send(new ListStateMachinesCommand({}));
    const described = await client.send(new DescribeStateMachineCommand({ stateMachineArn: arn('job') }));

    expect(page.executions?.map(({ executionArn }) => executionArn)).toEqual([second]);
    expect(next.executions?.map(({ executionArn }) => executionArn)).toEqual([first]);
    expect(machines.stateMachines).toHaveLength(12);
    expect(described).toMatchObject({ name: 'job', type: 'STANDARD', roleArn, definition: job.definition });
  });

  it('tells the history of an execution', async () => {
    reply('run-slice', () => ({ payload: { more: false } }));
    const { executionArn } = await run('job');

    const { events } = await client.send(new GetExecutionHistoryCommand({ executionArn }));

    expect(events?.map(({ type, stateEnteredEventDetails: entered }) => [type, entered?.name])).toEqual([
      ['ExecutionStarted', undefined],
      ['TaskStateEntered', 'RunSlice'],
      ['TaskStateExited', undefined],
      ['ChoiceStateEntered', 'More?'],
      ['ChoiceStateExited', undefined],
      ['SucceedStateEntered', 'Done'],
      ['SucceedStateExited', undefined],
      ['ExecutionSucceeded', undefined],
    ]);
  });
});
