import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { Check, SourceTable } from '#src/domain/connections/connection.ts';
import type { Inspector } from '#src/domain/connections/inspector.ts';
import { Failure } from '#src/domain/failure.ts';
import { env } from './env.ts';

const down = (cause?: unknown) =>
  new Failure('dependency_down', 'The connection could not be inspected. Try again.', {
    cause,
    retryAfterSeconds: 5,
  });

/** Asks the worker `inspect-connection`, once: it opens databases and has 25 seconds. */
export const lambdaInspector = (lambda: LambdaClient, functionName: () => string): Inspector => {
  const ask = async <S extends z.ZodType>(
    payload: Record<string, string>,
    schema: S,
  ): Promise<z.output<S>> => {
    try {
      const { FunctionError, Payload } = await lambda.send(
        new InvokeCommand({ FunctionName: functionName(), Payload: JSON.stringify(payload) }),
      );
      if (FunctionError) throw new Error(`inspect-connection failed: ${FunctionError}`);
      return schema.parse(JSON.parse(Buffer.from(Payload ?? []).toString('utf8')));
    } catch (error) {
      throw down(error);
    }
  };
  return {
    check: (organization_id, connection_id) =>
      ask({ organization_id, connection_id, what: 'check' }, z.array(Check)),
    discover: (organization_id, connection_id) =>
      ask({ organization_id, connection_id, what: 'discover' }, z.array(SourceTable)),
  };
};

const config = { maxAttempts: 1, requestHandler: { connectionTimeout: 1_000, requestTimeout: 27_000 } };

/** For routes that look into a connection's databases. */
export const inspect = () => ({
  inspector: lambdaInspector(new LambdaClient(config), () => env('INSPECT_FUNCTION_NAME')),
});
