import type { APIGatewayProxyEvent } from 'aws-lambda';
import * as z from 'zod';
import { Paging } from '#src/api/parameters.ts';
import type { Route } from '#src/api/route.ts';
import type { Problems } from './problems.ts';

export type ReadQuery = {
  query: unknown;
  limit: number;
  cursor: string | undefined;
  /** The parameters as sent, paging left out: what a cursor is bound to. */
  filters: Readonly<Record<string, string>>;
};

const defaultLimit = 50;

/** Each parameter once, and none that the row does not know. */
export const queryOf = (route: Route, event: APIGatewayProxyEvent, problems: Problems): ReadQuery => {
  const sent = sentParameters(event, problems);
  const { limit, cursor, ...filters } = route.list ? sent : { ...sent, limit: undefined, cursor: undefined };
  const raw = route.list ? filters : sent;
  const page = problems.check(Paging, { limit, cursor }, 'query');
  return {
    query: problems.check(route.query ?? z.strictObject({}), raw, 'query'),
    limit: page?.limit ?? defaultLimit,
    cursor: page?.cursor,
    filters: raw,
  };
};

const sentParameters = (event: APIGatewayProxyEvent, problems: Problems): Record<string, string> => {
  const many: Record<string, string[] | undefined> =
    event.multiValueQueryStringParameters ??
    Object.fromEntries(
      Object.entries(event.queryStringParameters ?? {}).map(([name, value]) => [name, [value ?? '']]),
    );
  const sent: [string, string][] = [];
  for (const [name, values = []] of Object.entries(many)) {
    if (values.length > 1) problems.add(name, 'is given more than once');
    sent.push([name, values[0] ?? '']);
  }
  return Object.fromEntries(sent);
};
