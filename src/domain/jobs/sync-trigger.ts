import type { StoredConnection } from '#src/domain/connections/connection.ts';
import type { SyncRequest } from './job.ts';

/** A trigger as its endpoint has checked it. */
export type SyncTrigger = {
  organizationId: string;
  connectionId: string;
  request: SyncRequest;
  createdBy: { type: string; id: string; name: string | null };
  requestId: string;
};

/** The tables that a sync of the connection moves: all of them. */
export const tablesOf = ({ tables }: StoredConnection) => tables.map(({ name }) => name);
