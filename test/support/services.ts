import { vi } from 'vitest';
import type { AllServices } from '#src/api/endpoint.ts';
import type { Check, SourceTable } from '#src/domain/connections/connection.ts';
import type { Table } from '#src/table/table.ts';
import { t0 } from './builders.ts';

/** Links in answers name the state machine. */
process.env.JOB_STATE_MACHINE_ARN ??= 'arn:aws:states:eu-west-1:000000000000:stateMachine:job';

/** A clock that stands until it is stepped; sleeping takes its time at once. */
export const steppedClock = (now = t0) => ({
  now: () => now,
  sleep: async (delayMs: number) => {
    now += delayMs;
  },
  every: () => () => undefined,
  step(ms: number) {
    now += ms;
  },
});

/** Seals by naming the context; what it seals can be told from plain text by a test. */
const testVault = () => ({
  seal: vi.fn(async (secret: string, context: object) =>
    Buffer.from(JSON.stringify({ context, secret: Buffer.from(secret).toString('hex') })).toString('base64'),
  ),
});

/** Everything behind an endpoint: the embedded table, a stepped clock, and doubles for other services. */
export const testServices = (table: Table) =>
  ({
    table,
    clock: steppedClock(),
    vault: testVault(),
    runner: { start: vi.fn(async () => {}), describe: vi.fn(async () => 'RUNNING' as const) },
    events: { wake: vi.fn(async () => {}) },
    inspector: {
      check: vi.fn(async (): Promise<Check[]> => [{ end: 'source', name: 'reachable', ok: true }]),
      discover: vi.fn(async (): Promise<SourceTable[]> => []),
    },
  }) satisfies AllServices;

export type TestServices = ReturnType<typeof testServices>;
