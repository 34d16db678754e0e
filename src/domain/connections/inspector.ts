import type { Check, SourceTable } from './connection.ts';

/** The worker that opens a connection's databases for the API, which never does. */
export type Inspector = {
  check(organizationId: string, connectionId: string): Promise<Check[]>;
  discover(organizationId: string, connectionId: string): Promise<SourceTable[]>;
};
