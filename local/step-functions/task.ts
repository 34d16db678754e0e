import { AwsError } from '#local/aws-error.ts';
import type { FunctionFailure, Invocation, Invoke } from '#local/invocation.ts';
import type { State } from '#local/step-functions/definition.ts';
import { dataLimitExceeded, isTooLarge, TaskFailure } from '#local/step-functions/task-failure.ts';
import type { TaskTokens } from '#local/step-functions/task-tokens.ts';

/** Stands in the context object as `$$.Task.Token` until each attempt puts its own token in its place. */
export const tokenPlaceholder = '\u0001task token\u0001';

export type TaskCall = { name: string; task: State; input: unknown; roleArn: string; signal: AbortSignal };

const serviceErrors = new Set(['TooManyRequestsException', 'ServiceException', 'ResourceNotFoundException']);

/** A call that Lambda itself refuses has these names in Step Functions. */
const refused = (error: unknown): never => {
  const name = error instanceof AwsError && serviceErrors.has(error.name) ? error.name : 'AWSLambdaException';
  throw new TaskFailure(`Lambda.${name}`, error instanceof Error ? error.message : String(error));
};

const replyOf = ({ payload, functionError }: Invocation): unknown => {
  if (!functionError) return payload;
  const failure = (payload ?? {}) as Partial<FunctionFailure>;
  throw new TaskFailure(failure.errorType ?? 'Lambda.Unknown', JSON.stringify(payload));
};

const callLambda = async (invoke: Invoke, { task, input, roleArn }: TaskCall): Promise<unknown> => {
  const resource = String(task.Resource);
  if (!resource.includes(':states:::')) return replyOf(await invoke(resource, input, roleArn).catch(refused));
  const { FunctionName, Payload = {} } = input as { FunctionName: string; Payload?: unknown };
  const reply = replyOf(await invoke(FunctionName, Payload, roleArn).catch(refused));
  return { ExecutedVersion: '$LATEST', Payload: reply, StatusCode: 200 };
};

const putToken = (value: unknown, token: string): unknown => {
  if (value === tokenPlaceholder) return token;
  if (Array.isArray(value)) return value.map((item) => putToken(item, token));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, putToken(item, token)]));
};

const callAndWait = (invoke: Invoke, tokens: TaskTokens, call: TaskCall): Promise<unknown> => {
  const { HeartbeatSeconds: heartbeatSeconds, TimeoutSeconds: timeoutSeconds } = call.task as State & {
    HeartbeatSeconds?: number;
    TimeoutSeconds: number;
  };
  const limits = { timeoutSeconds, signal: call.signal, ...(heartbeatSeconds && { heartbeatSeconds }) };
  const { token, result, fail } = tokens.issue(limits);
  callLambda(invoke, { ...call, input: putToken(call.input, token) }).catch(fail);
  return result;
};

/** One attempt of a Task: the 256 KB limit holds for what goes in and for what comes out. */
export const runTask = async (invoke: Invoke, tokens: TaskTokens, call: TaskCall): Promise<unknown> => {
  // The interpreter goes on to the next attempt of a Retry even where the execution was stopped meanwhile.
  if (call.signal.aborted) throw new TaskFailure('States.Aborted', '', { isFinal: true });
  if (isTooLarge(JSON.stringify(call.input))) throw dataLimitExceeded(call.name);
  const waits = String(call.task.Resource).endsWith('.waitForTaskToken');
  const result = await (waits ? callAndWait(invoke, tokens, call) : callLambda(invoke, call));
  if (isTooLarge(JSON.stringify(result))) throw dataLimitExceeded(call.name);
  return result;
};
