import type { APIGatewayProxyResult } from 'aws-lambda';
import type { Endpoint, Request, ServicesOf } from '#src/api/endpoint.ts';
import { readCursor, writeCursor } from '#src/api/paging.ts';
import type { Route } from '#src/api/route.ts';
import type { Change } from '#src/domain/commit.ts';
import { Failure } from '#src/domain/failure.ts';
import { committer } from '#src/domain/idempotency/committer.ts';
import { Replayed } from '#src/domain/idempotency/idempotency-record.ts';
import type { Table } from '#src/table/table.ts';
import { cursorSecret } from './cursor-secret.ts';
import type { ReadRequest } from './read-request.ts';
import { dataResponse } from './responses.ts';

type ListReply = { items: readonly unknown[]; next?: string | undefined };

/** Runs the handler between paging, commit and idempotency, and makes its reply a response. */
export const answerRequest = async <R extends Route>(
  { route, handle }: Endpoint<R>,
  read: ReadRequest,
  services: ServicesOf<R>,
): Promise<APIGatewayProxyResult> => {
  const after = route.list && (await positionOf(route, read, services.table));
  const [status] = route.returns;
  const changes = committer(services, { origin: originOf(read), status, keyed: read.keyed });
  const headers: Record<string, string> = { 'x-request-id': read.requestId };
  const commit = async (change: Change) =>
    changes.commit({ ...change, reply: parsedReply(route, change.reply) });
  try {
    const request = { ...toolsOf(read, headers), page: { limit: read.limit, after }, commit };
    const reply = await handle(request as unknown as Request<R>, services);
    await changes.settle();
    const data = route.list
      ? await listBody(route, read, reply as ListReply, services.table)
      : parsedReply(route, reply);
    await changes.keep(data);
    return dataResponse(route, { status, data, headers });
  } catch (error) {
    const replay = error instanceof Replayed ? error : await repetitionOf(changes.settle);
    if (!replay) throw error;
    const { record } = replay;
    return dataResponse(route, {
      status: record.status,
      data: JSON.parse(record.reply),
      headers: { ...headers, 'idempotent-replayed': 'true' },
    });
  }
};

/** A request that fails may still be the repetition of one that did not. */
const repetitionOf = async (settle: () => Promise<void>) => {
  try {
    await settle();
    return undefined;
  } catch (error) {
    if (error instanceof Replayed) return error;
    throw error;
  }
};

const parsedReply = ({ returns: [, schema] }: Route, reply: unknown) => schema?.parse(reply) ?? null;

const originOf = ({ caller, sourceIp, requestId }: ReadRequest) => ({
  organizationId: caller?.organizationId ?? '',
  actor: { type: caller?.credentialType ?? '', id: caller?.credentialId ?? '' },
  credentialId: caller?.credentialId ?? null,
  sourceIp,
  requestId,
});

const toolsOf = (read: ReadRequest, headers: Record<string, string>) => ({
  params: read.params,
  query: read.query,
  body: read.body,
  caller: read.caller,
  requestId: read.requestId,
  matchVersion: (version: number) => {
    const tags = read.ifMatch.map((tag) => tag.trim());
    if (tags.length === 0 || tags.includes('*') || tags.includes(`"${version}"`)) return;
    throw new Failure('version_conflict', `The version is now ${version}.`);
  },
  retryAfter: (seconds: number) => {
    headers['retry-after'] = String(seconds);
  },
});

const scopeOf = (route: Route, { caller, params, filters }: ReadRequest) => ({
  organizationId: caller?.organizationId ?? '',
  route,
  filters: { params, filters },
});

const positionOf = async (route: Route, read: ReadRequest, table: Table) =>
  read.cursor === undefined
    ? undefined
    : readCursor(
        await cursorSecret(table, read.caller?.organizationId ?? ''),
        scopeOf(route, read),
        read.cursor,
      );

const listBody = async (route: Route, read: ReadRequest, { items, next }: ListReply, table: Table) => {
  const cursor =
    next === undefined
      ? null
      : writeCursor(await cursorSecret(table, read.caller?.organizationId ?? ''), scopeOf(route, read), next);
  return {
    data: items.map((item) => parsedReply(route, item)),
    meta: { page: { limit: read.limit, cursor } },
  };
};
