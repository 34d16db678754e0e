import { vi } from 'vitest';
import type { CopyOutcome, CopyRequest, DataPlane } from '#src/connectors/connector.ts';
import { unpackEvents } from '#src/domain/events/packing.ts';
import { defaultPool, readGate } from '#src/domain/gates/gate.ts';
import { acceptSync } from '#src/domain/jobs/accept-sync.ts';
import type { SyncRequest } from '#src/domain/jobs/job.ts';
import { jobRepository } from '#src/domain/jobs/job-repository.ts';
import { LiveSync } from '#src/domain/jobs/live-sync.ts';
import { lookAtJob } from '#src/domain/jobs/look-at-job.ts';
import type { ExecutionStatus } from '#src/domain/jobs/runner.ts';
import { connectionKey, duePartition, dueShards, kindOfDue, outboxKey } from '#src/table/keys.ts';
import type { Table } from '#src/table/table.ts';
import { failJob } from '../../functions/job/fail-job.ts';
import { runSlice, type SliceInput } from '../../functions/job/run-slice.ts';
import type { WorkerServices } from '../../functions/job/worker.ts';
import { steppedClock } from './services.ts';

/** What one table's copy gives where nothing goes wrong. */
export const copied = (rows = 10): CopyOutcome => ({
  done: true,
  rows_extracted: rows,
  rows_loaded: rows,
  bytes_read: rows * 10,
  ranges: [{ from: null, to: null, rows, checksum: 'c' }],
  checksum: 'sha256:c',
  position: '2030-01-01 00:00:00+00',
  warnings: [],
});

/** Jobs of one organization: executions that tests drive by hand, and a data plane that they script. */
export const jobsWorld = (table: Table, organizationId: string) => {
  const clock = steppedClock();
  const executions = new Map<string, { status: ExecutionStatus; input: SliceInput }>();
  const copyTable = vi.fn<(request: CopyRequest) => Promise<CopyOutcome>>(async () => copied());
  const fence = vi.fn<DataPlane['fence']>(async () => undefined);
  const services: WorkerServices = {
    table,
    clock,
    runner: {
      start: async ({ name, input }) => {
        if (!executions.has(name)) executions.set(name, { status: 'RUNNING', input: JSON.parse(input) });
      },
      describe: async (name) => executions.get(name)?.status,
    },
    events: { wake: async () => undefined },
    vault: { open: async () => JSON.stringify({ user: 'u', password: 'p' }) },
    dataPlane: { copyTable, fence, check: async () => [], discover: async () => [] },
  };
  const jobs = jobRepository(table, organizationId);
  const time = { timeLeftMs: () => 900_000 };

  return {
    services,
    clock,
    executions,
    copyTable,
    fence,
    jobs,
    time,
    trigger: (connectionId: string, request: SyncRequest = {}, using: WorkerServices = services) =>
      acceptSync(
        {
          organizationId,
          connectionId,
          request,
          createdBy: { type: 'api_key', id: 'key_1', name: null },
          requestId: 'r',
        },
        { commit: ({ writes }) => using.table.write(writes), reply: () => ({}) },
        using,
      ),
    /** Runs an execution as job.asl.json does: slices, then FailJob where one failed for good. */
    drive: async (name: string, using: WorkerServices = services) => {
      const execution = executions.get(name);
      if (execution?.status !== 'RUNNING') return;
      clock.step(1); // so that commits have an order in time
      try {
        while ((await runSlice(execution.input, time, using)).more);
        execution.status = 'SUCCEEDED';
      } catch (error) {
        const { name, message } = error as Error;
        const caught = { Error: name, Cause: JSON.stringify({ errorMessage: message }) };
        await failJob({ ...execution.input, error: caught }, time, using);
        execution.status = 'FAILED';
      }
    },
    running: () => [...executions].filter(([, { status }]) => status === 'RUNNING').map(([name]) => name),
    gate: () => readGate(table, organizationId, defaultPool),
    live: async (connectionId: string) =>
      LiveSync.parse(await table.get(connectionKey(organizationId, connectionId, 'LIVE'))),
    /** The organization's events, each job's in the order of its own numbers: commits of one millisecond have none. */
    events: async () => {
      const { items } = await table.query({ pk: outboxKey(organizationId, 0, '').pk });
      return items
        .flatMap(({ events }) => unpackEvents(events))
        .toSorted((a, b) => (a.job_sequence ?? 0) - (b.job_sequence ?? 0))
        .map(({ type, data }) => ({ type, job: String(data.job_id) }));
    },
    /** What the sweeper does, for this organization's jobs. */
    sweep: async (using: WorkerServices = services) => {
      for (let shard = 0; shard < dueShards; shard++) {
        const { items } = await table.query({ index: 'due', pk: duePartition(shard) });
        for (const due of items.map(kindOfDue)) {
          if (due.kind === 'job' && due.organizationId === organizationId)
            await lookAtJob(organizationId, due.jobId, using);
        }
      }
    },
  };
};

export type JobsWorld = ReturnType<typeof jobsWorld>;
