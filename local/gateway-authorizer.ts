import type { APIGatewayProxyEvent } from 'aws-lambda';
import * as z from 'zod';
import type { GatewayAuthorizer } from '#local/gateway-api.ts';
import { type GatewayRequest, headerOf } from '#local/gateway-event.ts';
import type { Refusal } from '#local/gateway-response.ts';
import type { FunctionFailure, Invocation, Invoke } from '#local/invocation.ts';

const oneOrMany = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

const AuthorizerReply = z.object({
  principalId: z.string(),
  policyDocument: z.object({
    Statement: z.array(
      z.object({ Effect: z.enum(['Allow', 'Deny']), Action: oneOrMany, Resource: oneOrMany }),
    ),
  }),
  context: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});

export type Authorization = { context: Record<string, string> } | { refusal: Refusal };

const matches = (pattern: string, value: string) => {
  const escaped = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 's').test(value);
};

const effectsOn = (reply: z.infer<typeof AuthorizerReply>, methodArn: string) =>
  reply.policyDocument.Statement.filter(
    ({ Action, Resource }) =>
      Action.some((action) => matches(action, 'execute-api:Invoke')) &&
      Resource.some((resource) => matches(resource, methodArn)),
  ).map(({ Effect }) => Effect);

const judge = (payload: unknown, methodArn: string): Authorization => {
  const reply = AuthorizerReply.safeParse(payload);
  if (!reply.success) return { refusal: { type: 'AUTHORIZER_CONFIGURATION_ERROR' } };
  const { principalId, context } = reply.data;
  const values = Object.entries(context).map(([name, value]) => [name, String(value)]);
  const authorizer = { ...Object.fromEntries(values), principalId };
  const effects = effectsOn(reply.data, methodArn);
  if (effects.includes('Deny')) {
    const message = 'User is not authorized to access this resource with an explicit deny';
    return { refusal: { type: 'ACCESS_DENIED', message, authorizer } };
  }
  return effects.includes('Allow')
    ? { context: authorizer }
    : { refusal: { type: 'ACCESS_DENIED', authorizer } };
};

const isMissing = (source: string, request: GatewayRequest) => {
  const [, kind, name = ''] = /^method\.request\.(header|querystring)\.(.+)$/.exec(source.trim()) ?? [];
  if (kind === 'header') return !headerOf(request, name);
  return kind === 'querystring' && !request.query.get(name);
};

const crashed: Invocation = { payload: {}, functionError: 'Unhandled' };

/** Asks a REQUEST authorizer: throwing `Unauthorized` is a 401, another error a failure, else its policy decides. */
export const authorize = async (
  authorizer: GatewayAuthorizer,
  {
    request,
    event,
    methodArn,
    invoke,
  }: { request: GatewayRequest; event: APIGatewayProxyEvent; methodArn: string; invoke: Invoke },
): Promise<Authorization> => {
  const sources = authorizer.identitySource.split(',').filter(Boolean);
  if (sources.some((source) => isMissing(source, request))) return { refusal: { type: 'UNAUTHORIZED' } };
  const { body: _, isBase64Encoded: __, ...asked } = event;
  const question = { ...asked, type: 'REQUEST', methodArn };
  const { payload, functionError } = await invoke(authorizer.functionArn, question, authorizer.roleArn).catch(
    () => crashed,
  );
  if (!functionError) return judge(payload, methodArn);
  const isRefusal = (payload as Partial<FunctionFailure>)?.errorMessage === 'Unauthorized';
  return { refusal: { type: isRefusal ? 'UNAUTHORIZED' : 'AUTHORIZER_FAILURE' } };
};
