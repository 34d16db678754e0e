/** The only source of time: handlers get it passed in, tests step it. */
export type Clock = {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `delayMs`; rejects with the signal's reason when aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Calls `tick` every `periodMs` until the returned function is called. */
  every(periodMs: number, tick: () => void): () => void;
};

/** RFC 3339 in UTC, as every stored and answered time is written. */
export const isoTime = (epochMs: number) => new Date(epochMs).toISOString();
