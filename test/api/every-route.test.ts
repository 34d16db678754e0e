import { globSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint } from '#src/api/endpoint.ts';
import { entryOf, idKindOf, paramsOf } from '#src/api/naming.ts';
import { openapi } from '#src/api/openapi.ts';
import type { Route } from '#src/api/route.ts';
import { routes } from '#src/api/routes.ts';
import { newId } from '#src/domain/ids.ts';
import { anOrganization, t0 } from '../support/builders.ts';
import { call as callWith } from '../support/call.ts';
import { startTable } from '../support/dynamo.ts';
import { type TestServices, testServices } from '../support/services.ts';

const rows = Object.entries<Route>(routes);
const load = async (name: string, route: Route) =>
  (await import(/* @vite-ignore */ new URL(`../../${entryOf(name, route)}`, import.meta.url).href))[
    name
  ] as Endpoint<Route>;
const call = async (name: string, route: Route, request: Parameters<typeof callWith>[2]) =>
  callWith(await load(name, route), services, request);

let started: Awaited<ReturnType<typeof startTable>>;
let services: TestServices;
let organizationId: string;
beforeAll(async () => {
  started = await startTable();
  services = testServices(started.table);
  organizationId = await anOrganization(started.table);
});
afterAll(() => started.stop());

const paramsFor = ({ path }: Route) =>
  Object.fromEntries(paramsOf(path).map((name) => [name, newId(idKindOf(name), t0)]));

it('each file in functions/api is a row, and each row a file', () => {
  const files = globSync('functions/api/*/*.ts').toSorted();
  expect(files).toEqual(rows.map(([name, route]) => entryOf(name, route)).toSorted());
});

const withParams = rows.filter(([, route]) => paramsOf(route.path).length > 0);
const lists = rows.filter(([, route]) => route.list);

describe.each(rows)('%s', (name, route) => {
  const params = paramsFor(route);

  it('is answered by the file named after it', async () => {
    expect((await load(name, route)).route).toBe(route);
  });

  it('is published', () => {
    expect(openapi().paths?.[route.path]).toHaveProperty([route.method.toLowerCase(), 'operationId'], name);
  });

  it('A8 400 for a query parameter it does not know, or given twice', async () => {
    const { status, body } = await call(name, route, { organizationId, params, query: { nope: ['1', '2'] } });
    expect(status).toBe(400);
    expect(body.error.details).toEqual(
      expect.arrayContaining([
        { field: 'nope', issue: 'is not known here' },
        { field: 'nope', issue: 'is given more than once' },
      ]),
    );
  });
});

describe.each(rows.filter(([, { scope }]) => scope !== 'public'))('%s', (name, route) => {
  it('401 without what the authorizer says', async () => {
    const { status, body, headers } = await call(name, route, { params: paramsFor(route) });
    expect({ status, code: body.error.code }).toEqual({ status: 401, code: 'unauthorized' });
    expect(headers['x-request-id']).toBe('req_1');
  });
});

describe.each(rows.filter(([, { scope }]) => Array.isArray(scope)))('%s', (name, route) => {
  it('403 without its scope', async () => {
    const request = { organizationId, scopes: ['settings:write'], params: paramsFor(route) };
    const { status, body } = await call(name, route, request);
    expect({ status, code: body.error.code }).toEqual({ status: 403, code: 'insufficient_scope' });
  });
});

describe.each(rows.filter(([, { method }]) => method === 'POST' || method === 'PUT'))('%s', (name, route) => {
  it('A3 400 for a field it does not know', async () => {
    const request = { organizationId, params: paramsFor(route), body: { nope: 1 } };
    const { status, body } = await call(name, route, request);
    expect(status).toBe(400);
    expect(body.error.details).toContainEqual({ field: 'nope', issue: 'is not known here' });
  });
});

describe.each(withParams)('%s', (name, route) => {
  const params = paramsFor(route);

  it('A5 404 for a malformed id', async () => {
    for (const bad of ['x', 'conn_1', '../META', 'job_01JQ8K2M3N4P5Q6R7S8T9V0W1X', '%2F', '']) {
      const bent = Object.fromEntries(Object.keys(params).map((key) => [key, bad]));
      const { status, body } = await call(name, route, { organizationId, params: bent });
      expect({ status, code: body.error.code }).toEqual({ status: 404, code: 'not_found' });
    }
  });

  it('404 for an id of nobody', async () => {
    const { status, body } = await call(name, route, { organizationId, params });
    expect({ status, code: body.error.code }).toEqual({ status: 404, code: 'not_found' });
  });
});

describe.each(lists.filter(([, { path }]) => paramsOf(path).length === 0))('%s', (name, route) => {
  it('200 with an empty page, and its limit', async () => {
    const { status, body } = await call(name, route, { organizationId, query: { limit: '7' } });
    expect(status).toBe(200);
    expect(body).toEqual({ data: [], meta: { page: { limit: 7, cursor: null } } });
  });
});

describe.each(lists)('%s', (name, route) => {
  it('A8 400 for a limit that is none', async () => {
    for (const limit of ['0', '-1', '101', '1000000000', '1e2', '', '05', ' 5']) {
      const { status, body } = await call(name, route, {
        organizationId,
        params: paramsFor(route),
        query: { limit },
      });
      expect(status).toBe(400);
      expect(body.error.details).toEqual([{ field: 'limit', issue: 'must be a whole number from 1 to 100' }]);
    }
  });

  it('A7 400 invalid_cursor for one that it did not give', async () => {
    for (const cursor of ['x', 'eyJhIjoxfQ', 'A'.repeat(64)]) {
      const request = { organizationId, params: paramsFor(route), query: { cursor } };
      const { status, body } = await call(name, route, request);
      expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'invalid_cursor' });
    }
  });
});
