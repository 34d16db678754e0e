import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ZodError } from 'zod';
import { AwsError } from '#local/aws-error.ts';
import { loopbackServer, readBody } from '#local/loopback-server.ts';
import { createEngine, type Engine, type EngineOptions } from '#local/step-functions/engine.ts';
import { operations } from '#local/step-functions/operations.ts';

const asAwsError = (error: unknown) => {
  if (error instanceof AwsError) return error;
  if (error instanceof ZodError) return new AwsError('ValidationException', error.message);
  if (error instanceof SyntaxError) return new AwsError('SerializationException', error.message);
  return new AwsError('InternalServerError', String(error), 500);
};

const answerTo = async (
  engine: Engine,
  request: IncomingMessage,
): Promise<{ status: number; body: object }> => {
  const name = String(request.headers['x-amz-target'] ?? '').split('.')[1] ?? '';
  try {
    const body = await readBody(request);
    const operation = operations[name];
    if (!operation) throw new AwsError('UnknownOperationException', `Unknown operation: '${name}'`);
    return { status: 200, body: operation(engine, JSON.parse(body?.toString() || '{}')) };
  } catch (error) {
    const { name, message, status } = asAwsError(error);
    return { status, body: { __type: name, message } };
  }
};

/**
 * Step Functions for Standard machines in JSONPath: executions live in memory and are lost with the process, as
 * in a crash. The server speaks AWS JSON 1.0, so functions keep @aws-sdk/client-sfn.
 */
export const createStepFunctions = (options: EngineOptions) => {
  const engine = createEngine(options);
  const server = loopbackServer(async (request, response) => {
    const { status, body } = await answerTo(engine, request);
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-requestid': randomUUID(),
    });
    response.end(JSON.stringify(body));
  });
  return {
    listen: server.listen,
    /** State transitions of an execution so far: what AWS bills a Standard execution by. */
    transitions: (executionArn: string) => engine.executions.get(executionArn)?.transitions,
    close: async () => {
      engine.close();
      await server.close();
    },
  };
};
