import * as z from 'zod';
import type { Priority } from '#src/domain/jobs/job.ts';
import { gateCapKey, queueKey, slotKey } from '#src/table/keys.ts';
import { absent, type Item, present, type Table, type Write } from '#src/table/table.ts';

/** The pool that every organization has. */
export const defaultPool = 'default';

/** How long each class may wait behind nobody: `rank = min(deadline, created_at + allowance)`, fixed at enqueue. */
const allowanceMs: Readonly<Record<Priority, number>> = {
  critical: 0,
  high: 15 * 60_000,
  normal: 30 * 60_000,
  low: 45 * 60_000,
};

/** The place in a queue, smaller first; all entries age alike, so nothing is ever re-sorted and nothing starves. */
export const rankOf = (job: { priority: Priority; createdAt: number; deadlineAt?: number }) =>
  Math.min(job.deadlineAt ?? Number.MAX_SAFE_INTEGER, job.createdAt + allowanceMs[job.priority]);

/** A job's turn: who holds a slot or waits for one. */
export type Turn = { organizationId: string; jobId: string; attempt: number };
export type Entry = Turn & { rank: number };

const Cap = z.object({ cap: z.int(), version: z.int() });
const Slot = z.object({ number: z.int(), holder: z.string().optional() });
const QueueEntry = z.object({ job_id: z.string(), rank: z.int(), attempt: z.int() });

/** A gate as one strong read shows it: `free` numbers lie below the cap, `waiting` are the first in the queue. */
export type Gate = {
  cap: number;
  free: readonly number[];
  held: readonly { number: number; holder: string }[];
  waiting: readonly z.output<typeof QueueEntry>[];
};

const holderOf = ({ jobId, attempt }: Turn) => `${jobId}/${attempt}`;

/** The items of a new gate: its cap, and slots that exist before anyone takes them. */
export const gateItems = (organizationId: string, gateId: string, cap: number): Item[] => [
  { ...gateCapKey(organizationId, gateId), cap, version: 1 },
  ...Array.from({ length: cap }, (_, number) => ({ ...slotKey(organizationId, gateId, number), number })),
];

const waitingMax = 50;

/** Reads cap, slots and the first entries; more entries than `waitingMax` are seen by the next read. */
export const readGate = async (table: Table, organizationId: string, gateId: string): Promise<Gate> => {
  const { pk } = gateCapKey(organizationId, gateId);
  const [caps, queue, slots] = await Promise.all([
    table.query({ pk, prefix: 'CAP' }),
    table.query({ pk, prefix: 'QUEUE#', limit: waitingMax }),
    table.query({ pk, prefix: 'SLOT#' }),
  ]);
  const cap = caps.items[0] ? Cap.parse(caps.items[0]).cap : 0;
  const numbers = slots.items.map((item) => Slot.parse(item));
  return {
    cap,
    free: numbers.filter((slot) => !slot.holder && slot.number < cap).map((slot) => slot.number),
    held: numbers.flatMap((slot) => (slot.holder ? [{ number: slot.number, holder: slot.holder }] : [])),
    waiting: queue.items.map((item) => QueueEntry.parse(item)),
  };
};

/** Takes a numbered slot, on the condition that nobody holds it. */
export const takeSlot = (turn: Turn, gateId: string, number: number): Write => ({
  update: slotKey(turn.organizationId, gateId, number),
  set: { holder: holderOf(turn) },
  if: { pk: present, holder: absent },
});

/** Frees a slot; only its holder can, so an older attempt never frees a newer one's. */
export const freeSlot = (turn: Turn, gateId: string, number: number): Write => ({
  update: slotKey(turn.organizationId, gateId, number),
  remove: ['holder'],
  if: { holder: holderOf(turn) },
});

export const enterQueue = (entry: Entry, gateId: string): Write => ({
  put: {
    ...queueKey(entry.organizationId, gateId, { kind: 'sync', rank: entry.rank, jobId: entry.jobId }),
    job_id: entry.jobId,
    rank: entry.rank,
    attempt: entry.attempt,
  },
});

/** Takes an entry out; refused where another dispatcher did. */
export const leaveQueue = (entry: Entry, gateId: string): Write => ({
  delete: queueKey(entry.organizationId, gateId, { kind: 'sync', rank: entry.rank, jobId: entry.jobId }),
  if: { attempt: entry.attempt },
});
