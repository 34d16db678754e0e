import type { APIGatewayProxyResult } from 'aws-lambda';
import type { Route } from '#src/api/route.ts';

type Answer = { status: number; data: unknown; headers: Readonly<Record<string, string>> };

/** The version of what is answered, wherever its shape holds it. */
const versionOf = (data: unknown): unknown => {
  if (typeof data !== 'object' || data === null) return undefined;
  if ('version' in data && typeof data.version === 'number') return data.version;
  return 'attributes' in data ? versionOf(data.attributes) : undefined;
};

const bodyOf = (route: Route, data: unknown) =>
  JSON.stringify(route.document || route.list ? data : { data });

/** A success in its envelope: one thing, a page of many, a document, or nothing. */
export const dataResponse = (route: Route, { status, data, headers }: Answer): APIGatewayProxyResult => {
  const version = versionOf(data);
  const common = { 'cache-control': 'no-store', ...headers };
  if (status === 204) return { statusCode: 204, headers: common, body: '' };
  return {
    statusCode: status,
    headers: {
      'content-type': route.document ?? 'application/json', // JSON is YAML, too
      ...common,
      ...(version !== undefined && { etag: `"${version}"` }),
    },
    body: bodyOf(route, data),
  };
};
