import type { SyncRequest } from './job.ts';

/** A trigger as its endpoint has checked it. */
export type SyncTrigger = {
  organizationId: string;
  connection: { id: string; version: number; tables: readonly string[] };
  request: SyncRequest;
  createdBy: { type: string; id: string; name: string | null };
  requestId: string;
};
