import * as z from 'zod';
import { connectionKey } from '#src/table/keys.ts';
import { absent, type Item, present, type Write } from '#src/table/table.ts';

const Queued = z.object({ id: z.string(), rank: z.int(), tables: z.array(z.string()) });
export type QueuedSync = z.output<typeof Queued>;

/**
 * The gate of a connection's syncs (cap 1) and the register on which every `if_running` rule is decided:
 * the sync whose turn it is, and those behind it. Every change moves `version`, so a decision that was made on an
 * older state commits nothing.
 */
export const LiveSync = z.object({
  version: z.int(),
  paused: z.boolean(),
  running_id: z.string().optional(),
  running_tables: z.array(z.string()).optional(),
  /** Whether the one whose turn it is has begun to read, in any attempt. */
  reading: z.boolean().optional(),
  queued: z.array(Queued),
});
export type LiveSync = z.output<typeof LiveSync>;

/** How many syncs of one connection may wait. */
export const queuedMax = 20;

const liveKey = (organizationId: string, connectionId: string) =>
  connectionKey(organizationId, connectionId, 'LIVE');

/** Born with its connection. */
export const newLiveSync = (organizationId: string, connectionId: string): Item => ({
  ...liveKey(organizationId, connectionId),
  version: 1,
  paused: false,
  queued: [],
});

/** Goes with its connection, and only while no sync is live. */
export const removeLiveSync = (organizationId: string, connectionId: string): Write => ({
  delete: liveKey(organizationId, connectionId),
  if: { running_id: absent, queued: [] },
});

/** Paused: nothing new takes its turn, what runs goes on. */
export const pauseLiveSync = (organizationId: string, connectionId: string, paused: boolean): Write => ({
  update: liveKey(organizationId, connectionId),
  set: { paused },
  add: { version: 1 },
  if: { queued: present },
});

type Place = { organizationId: string; connectionId: string };

const change = (
  { organizationId, connectionId }: Place,
  live: LiveSync,
  set: Record<string, unknown>,
): Write => ({
  update: liveKey(organizationId, connectionId),
  set: { ...set, version: live.version + 1 },
  if: { version: live.version },
});

/** Gives the turn to a sync that did not wait. */
export const takeTurn = (
  place: Place,
  live: LiveSync,
  sync: { id: string; tables: readonly string[] },
): Write => change(place, live, { running_id: sync.id, running_tables: sync.tables, reading: false });

/** Puts a sync behind those that wait, in the order of rank, then id. */
export const waitForTurn = (place: Place, live: LiveSync, sync: QueuedSync): Write =>
  change(place, live, { queued: sorted([...live.queued.filter(({ id }) => id !== sync.id), sync]) });

/** Gives the turn to the first that waits. */
export const nextTurn = (place: Place, live: LiveSync, [first, ...rest]: readonly QueuedSync[]): Write =>
  change(place, live, { running_id: first?.id, running_tables: first?.tables, reading: false, queued: rest });

/** Says that nothing was decided, on the condition that nothing has changed. */
export const unchanged = (place: Place, live: LiveSync): Write => ({
  check: liveKey(place.organizationId, place.connectionId),
  if: { version: live.version },
});

/** From here on a new trigger does not join this sync. */
export const beginReading = ({ organizationId, connectionId }: Place, jobId: string): Write => ({
  update: liveKey(organizationId, connectionId),
  set: { reading: true },
  add: { version: 1 },
  if: { running_id: jobId },
});

/** Ends the turn; refused for anyone but its holder. */
export const endTurn = ({ organizationId, connectionId }: Place, jobId: string): Write => ({
  update: liveKey(organizationId, connectionId),
  remove: ['running_id', 'running_tables', 'reading'],
  add: { version: 1 },
  if: { running_id: jobId },
});

const sorted = (syncs: QueuedSync[]) => syncs.toSorted((a, b) => a.rank - b.rank || a.id.localeCompare(b.id));

const includes = (tables: readonly string[] | undefined, wanted: readonly string[]) =>
  wanted.every((table) => tables?.includes(table));

/** The sync that a `coalesce` trigger joins: the live one while it has not begun to read, else one that waits. */
export const joinable = (live: LiveSync, tables: readonly string[]): string | undefined =>
  live.running_id && !live.reading && includes(live.running_tables, tables)
    ? live.running_id
    : live.queued.find((sync) => includes(sync.tables, tables))?.id;
