import type { CopyRequest, DataPlane } from '#src/connectors/connector.ts';
import type { OpenConnection } from '#src/domain/connections/connection-repository.ts';
import { positionCopy } from '#src/domain/jobs/end-job.ts';
import { type ConnectionState, stillOwns } from '#src/domain/jobs/epoch.ts';
import { readResult, type StoredResult } from '#src/domain/jobs/job-result.ts';
import type { JobServices } from '#src/domain/jobs/runner.ts';
import type { StoredJob } from '#src/domain/jobs/stored-job.ts';
import { jobKey } from '#src/table/keys.ts';

export type Slice = {
  job: StoredJob & { epoch: number };
  open: OpenConnection;
  state: ConnectionState;
  allowLoopback: boolean;
  allowedNetworks: readonly string[];
  /** Epoch milliseconds after which no range is begun. */
  stopAt: number;
};

export type SliceServices = JobServices & { dataPlane: DataPlane };

/** Between two looks at the job while its rows flow. */
const watchMs = 5000;

/** What the data plane is asked for one table of the job. */
export const copyRequest = (
  { job, open, allowLoopback, allowedNetworks, stopAt }: Omit<Slice, 'state'>,
  table: OpenConnection['connection']['tables'][number],
  signal: AbortSignal,
  now: () => number,
): CopyRequest => ({
  source: open.source,
  destination: open.destination,
  network: { allowedNetworks, allowLoopback },
  connectionId: job.connection_id,
  table,
  schemaChange: open.connection.schema_change,
  jobId: job.id,
  epoch: job.epoch,
  stopAt,
  now,
  signal,
});

/** Copies the job's tables one after another until all are done or the time is up; says what stands now. */
export const copyTables = async (
  slice: Slice,
  services: SliceServices,
): Promise<{ done: boolean; result: StoredResult; positions: ConnectionState['tables'] }> => {
  const result = await readResult(services.table, slice.job.organization_id, slice.job.id);
  const positions = { ...slice.state.tables };
  const lost = new AbortController();
  const stopWatching = watch(slice.job, services, lost);
  try {
    for (const table of tablesOf(slice)) {
      if (result.tables.some(({ name }) => name === table.name)) continue;
      const request = copyRequest(slice, table, lost.signal, () => services.clock.now());
      const { done, warnings, ...copied } = await services.dataPlane.copyTable(request);
      if (!done) return { done, result, positions };
      result.tables.push({ name: table.name, ...copied, ranges: [...copied.ranges] });
      result.warnings.push(...warnings);
      if (copied.position !== null) {
        positions[table.name] = positionCopy(copied.position, table.cursor_column, services.clock.now());
      }
    }
    return { done: true, result, positions };
  } finally {
    stopWatching();
  }
};

const tablesOf = ({ job, open }: Slice) =>
  open.connection.tables.filter(({ name }) => job.tables.includes(name));

/** Looks at the job beside the work, and aborts it once another invocation or an end has taken the job away. */
const watch = (job: StoredJob, services: JobServices, lost: AbortController) =>
  services.clock.every(watchMs, () => {
    stillOwns(job, services).then(
      (owns) => owns || lost.abort(new Error('The job is no longer this invocation’s.')),
      () => undefined, // the table is down: the work goes on, the epoch protects it
    );
  });

/** Keeps what the finished tables did, for the next slice of the same job. */
export const keepResult = ({ table }: JobServices, job: StoredJob, result: StoredResult) =>
  table.write([{ put: { ...jobKey(job.organization_id, job.id, 'RESULT'), ...result } }]);
