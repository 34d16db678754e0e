import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Endpoint } from '#src/api/endpoint.ts';
import type { Route } from '#src/api/route.ts';
import { createConnection } from '../../functions/api/connections/create-connection.ts';
import { aConnectionBody, anOrganization } from './builders.ts';
import { type Call, call } from './call.ts';
import { startTable } from './dynamo.ts';
import { type TestServices, testServices } from './services.ts';

/** One embedded table for a test file; for each test new services and a new organization. */
export const testWorld = () => {
  let started: Awaited<ReturnType<typeof startTable>>;
  const world = {
    services: undefined as unknown as TestServices,
    organizationId: '',
    /** Calls as the world's organization, unless told otherwise. */
    call: <R extends Route>(endpoint: Endpoint<R>, request: Call = {}) =>
      call(endpoint, world.services, { organizationId: world.organizationId, ...request }),
    /** A connection made through the front door: its id. */
    aConnection: async (over: Parameters<typeof aConnectionBody>[0] = {}): Promise<string> => {
      const { body } = await world.call(createConnection, { body: aConnectionBody(over) });
      return body.data.id;
    },
  };
  beforeAll(async () => {
    started = await startTable();
  });
  beforeEach(async () => {
    world.services = testServices(started.table);
    world.organizationId = await anOrganization(started.table);
  });
  afterAll(() => started.stop());
  return world;
};
