import type { Write } from '#src/table/table.ts';

/** What a request wants to change: the writes, how the audit names it, and what a replay may not show again. */
export type Change = {
  writes: readonly Write[];
  action: string;
  resource: { type: string; id: string };
  /** The answer's data, stored with the idempotency record. */
  reply: unknown;
  /** Fields of the reply that are shown once: a replay answers them as null. */
  once?: readonly string[];
  /** Hashes for the audit entry are taken from these. */
  before?: unknown;
  after?: unknown;
};

/**
 * Commits a change of the API in one transaction with its idempotency record and audit entry.
 * `writes` come first, so the indexes in ConditionFailed are those of `writes`.
 * Where the same key has committed before, it throws what makes the wrapper answer the first reply again.
 */
export type Commit = (change: Change) => Promise<void>;
