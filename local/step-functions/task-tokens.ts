import { randomUUID } from 'node:crypto';
import { AwsError } from '#local/aws-error.ts';
import { TaskFailure } from '#local/step-functions/task-failure.ts';

type Waiting = { succeed(output: unknown): void; fail(failure: TaskFailure): void; beat(): void };

export type TokenLimits = { timeoutSeconds: number; heartbeatSeconds?: number; signal: AbortSignal };

/** The task tokens that are waited for; one that has ended in any way is a TaskTimedOut, as on AWS. */
export const taskTokens = () => {
  const waiting = new Map<string, Waiting>();

  const issue = ({ timeoutSeconds, heartbeatSeconds, signal }: TokenLimits) => {
    const token = randomUUID();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    let heartbeat: NodeJS.Timeout | undefined;
    const forget = () => {
      clearTimeout(heartbeat);
      clearTimeout(timeout);
      waiting.delete(token);
    };
    const timeout = setTimeout(forget, timeoutSeconds * 1000); // the interpreter raises States.Timeout itself
    const fail = (failure: TaskFailure) => {
      forget();
      reject(failure);
    };
    const beat = () => {
      clearTimeout(heartbeat);
      if (heartbeatSeconds === undefined) return;
      const missed = new TaskFailure('States.HeartbeatTimeout', '');
      heartbeat = setTimeout(() => fail(missed), heartbeatSeconds * 1000);
    };
    const succeed = (output: unknown) => {
      forget();
      resolve(output);
    };
    waiting.set(token, { succeed, fail, beat });
    const aborted = new TaskFailure('States.Aborted', '', { isFinal: true });
    signal.addEventListener('abort', () => fail(aborted), { once: true });
    beat();
    return { token, result: promise, fail };
  };

  const find = (token: unknown) => {
    const found = waiting.get(String(token));
    if (!found) throw new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
    return found;
  };

  return { issue, find };
};

export type TaskTokens = ReturnType<typeof taskTokens>;
