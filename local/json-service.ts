import { randomUUID } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import { type LoopbackServer, loopbackServer, readBody } from './loopback-server.ts';

export type Operations = Readonly<Record<string, (input: never) => unknown>>;

/** A service of AWS's JSON protocols, by the operations that it knows. */
export const jsonService = (operations: Operations, version: '1.0' | '1.1'): LoopbackServer =>
  loopbackServer(async (request, response) => {
    const name =
      String(request.headers['x-amz-target'] ?? '')
        .split('.')
        .at(-1) ?? '';
    const answer = await answerTo(operations[name], name, (await readBody(request))?.toString() || '{}');
    response.writeHead(answer.status, {
      'content-type': `application/x-amz-json-${version}`,
      'x-amzn-requestid': randomUUID(),
    });
    response.end(JSON.stringify(answer.body));
  });

const answerTo = async (operation: Operations[string] | undefined, name: string, body: string) => {
  try {
    if (!operation) throw new AwsError('UnknownOperationException', `Unknown operation: ${name}`);
    return { status: 200, body: (await operation(JSON.parse(body) as never)) ?? {} };
  } catch (error) {
    const known = error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500);
    return { status: known.status, body: { __type: known.name, message: known.message } };
  }
};
