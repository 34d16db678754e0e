import type { APIGatewayProxyEvent } from 'aws-lambda';
import * as z from 'zod';
import type { Caller } from '#src/api/endpoint.ts';
import { idKindOf, paramsOf } from '#src/api/naming.ts';
import type { Route } from '#src/api/route.ts';
import { mayUse } from '#src/api/scopes.ts';
import { Failure, notFound } from '#src/domain/failure.ts';
import { fingerprintOf, type KeyedRequest } from '#src/domain/idempotency/idempotency-record.ts';
import { isId } from '#src/domain/ids.ts';
import { headerValues } from './headers.ts';
import { readJsonBody } from './json-body.ts';
import { Problems } from './problems.ts';
import { queryOf, type ReadQuery } from './read-query.ts';

/** A request as its row describes it; what the row does not hold is not there. */
export type ReadRequest = ReadQuery & {
  params: Record<string, string>;
  body: unknown;
  caller: Caller | undefined;
  requestId: string;
  sourceIp: string | null;
  ifMatch: readonly string[];
  keyed: KeyedRequest | undefined;
};

/** Refuses in this order: 401, 403, 404, 413 and 415, then 400 with everything that is wrong. */
export const readRequest = (route: Route, event: APIGatewayProxyEvent): ReadRequest => {
  const caller = callerOf(event);
  if (route.scope !== 'public') admit(route, caller);
  const params = paramsFrom(route, event);
  const problems = new Problems();
  const key = keyFrom(route, event, problems);
  const rawBody = bodyFrom(route, event);
  const query = queryOf(route, event, problems);
  const body = rawBody && problems.check(route.body ?? z.strictObject({}), rawBody.json, 'body');
  problems.throwIfAny();
  return {
    ...query,
    params,
    body,
    caller,
    requestId: requestIdOf(event),
    sourceIp: event.requestContext?.identity?.sourceIp ?? null,
    ifMatch: headerValues(event, 'if-match').flatMap((value) => value.split(',')),
    keyed:
      key === undefined || !caller
        ? undefined
        : {
            organizationId: caller.organizationId,
            key,
            fingerprint: fingerprint(route, params, rawBody?.json),
          },
  };
};

const fingerprint = ({ method, path }: Route, params: Record<string, string>, body: unknown) =>
  fingerprintOf({ method, path, params, body });

export const requestIdOf = (event: APIGatewayProxyEvent) => event.requestContext?.requestId ?? 'unknown';

const AuthorizerContext = z.object({
  organization_id: z.string().min(1),
  credential_id: z.string().min(1),
  credential_type: z.string().min(1),
  credential_name: z.string().default(''),
  scopes: z.string().default(''),
});

/** Only what the authorizer says: no header, no field of the request names a tenant. */
const callerOf = (event: APIGatewayProxyEvent): Caller | undefined => {
  const context = AuthorizerContext.safeParse(event.requestContext?.authorizer ?? {});
  if (!context.success) return undefined;
  const { organization_id, credential_id, credential_type, credential_name, scopes } = context.data;
  return {
    organizationId: organization_id,
    credentialId: credential_id,
    credentialType: credential_type,
    credentialName: credential_name,
    scopes: scopes.split(' ').filter(Boolean),
  };
};

const admit = (route: Route, caller: Caller | undefined) => {
  if (!caller) throw new Failure('unauthorized', 'Send one valid credential.');
  if (mayUse(caller.scopes, route)) return;
  const needed = typeof route.scope === 'string' ? route.scope : route.scope.join(' or ');
  throw new Failure('insufficient_scope', `This needs the scope ${needed}.`);
};

const paramsFrom = (route: Route, { pathParameters }: APIGatewayProxyEvent) =>
  Object.fromEntries(
    paramsOf(route.path).map((name) => {
      const id = pathParameters?.[name] ?? '';
      const kind = idKindOf(name);
      if (!isId(kind, id)) throw notFound(kind);
      return [name, id];
    }),
  );

const keyFrom = (route: Route, event: APIGatewayProxyEvent, problems: Problems) => {
  if (route.method !== 'POST') return undefined;
  const [key, ...more] = headerValues(event, 'idempotency-key');
  if (key === undefined) return undefined;
  if (more.length > 0) problems.add('Idempotency-Key', 'is sent more than once');
  else if (!/^[\x21-\x7e]{1,255}$/.test(key))
    problems.add('Idempotency-Key', 'must be 1 to 255 visible ASCII characters');
  return key;
};

/** GET and DELETE have no body, whatever was sent. */
const bodyFrom = ({ method }: Route, event: APIGatewayProxyEvent) =>
  method === 'GET' || method === 'DELETE' ? undefined : { json: readJsonBody(event) };
