import { AwsError } from '#local/aws-error.ts';
import type { Invoke } from '#local/invocation.ts';
import { type LambdaFunction, lambdaFunction } from '#local/lambda-function.ts';

export type FunctionSpec = {
  name: string;
  arn: string;
  /** The bundle: a file URL or an absolute path of an ES module. */
  file: string;
  /** As in the template (`index.handler`) or the name of the export alone. */
  handler: string;
  /** All that the function finds in its environment besides Lambda's own AWS_LAMBDA_… variables. */
  env: Record<string, string>;
  timeoutSeconds: number;
  /** Bounds the JavaScript heap; Buffers lie outside of it and are not counted. */
  memoryMb: number;
  /** Environments at once, 10 if absent; callers beyond it wait their turn. */
  concurrency?: number;
};

export type LogLine = { function: string; stream: 'stdout' | 'stderr'; line: string };

export type LambdaHost = { invoke: Invoke; close(): Promise<void> };

const nameOf = (nameOrArn: string) =>
  /^(?:arn:[^:]+:lambda:[^:]*:[^:]*:function:)?([^:]+)/.exec(nameOrArn)?.[1];

/** Runs functions as Lambda does: environments are reused while warm and ended after `idleMs` without a request. */
export const createLambdaHost = ({
  functions,
  idleMs = 60_000,
  onLog = () => {},
}: {
  functions: readonly FunctionSpec[];
  idleMs?: number;
  onLog?: (line: LogLine) => void;
}): LambdaHost => {
  const byName = new Map<string, LambdaFunction>(
    functions.map((spec) => [spec.name, lambdaFunction(spec, { idleMs, onLog })]),
  );
  let isClosed = false;
  return {
    invoke: async (nameOrArn, payload) => {
      if (isClosed) throw new AwsError('ServiceException', 'The local Lambda host is closed', 500);
      const found = byName.get(nameOf(nameOrArn) ?? '');
      if (!found) throw new AwsError('ResourceNotFoundException', `Function not found: ${nameOrArn}`, 404);
      return found.invoke(payload);
    },
    close: async () => {
      isClosed = true;
      await Promise.all([...byName.values()].map((each) => each.close()));
    },
  };
};
