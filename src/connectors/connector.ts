/** What the data plane knows of the world: ends, tables, ranges. Nothing here knows jobs, tenants or the table. */

export type TableSpec = {
  /** `schema.table` at the source. */
  name: string;
  primary_key: readonly string[];
  cursor_column?: string | undefined;
  /** Seconds for a time cursor, units for a numeric one. */
  cursor_lookback?: number | undefined;
  mode: 'incremental' | 'full_refresh';
  destination_name?: string | undefined;
};

export type End = {
  type: string;
  config: Readonly<Record<string, unknown>>;
  /** In the clear: never log, never put in an error. */
  credentials: Readonly<Record<string, unknown>>;
};

/** CIDRs that database hosts must lie in; loopback only where `allowLoopback` (local mode). */
export type Network = { allowedNetworks: readonly string[]; allowLoopback: boolean };

export type ErrorClass = 'configuration' | 'source' | 'destination' | 'platform';

/** What went wrong at an end, free of secrets and of row values, ≤ 4 KiB. */
export class ConnectorError extends Error {
  override readonly name = 'ConnectorError';
  readonly code: string;
  readonly class: ErrorClass;
  readonly retryable: boolean;
  readonly hint: string | undefined;
  readonly table: string | undefined;

  constructor(
    problem: {
      code: string;
      message: string;
      class: ErrorClass;
      retryable: boolean;
      hint?: string | undefined;
      table?: string | undefined;
    },
    options?: ErrorOptions,
  ) {
    super(problem.message, options);
    this.code = problem.code;
    this.class = problem.class;
    this.retryable = problem.retryable;
    this.hint = problem.hint;
    this.table = problem.table;
  }
}

/** The destination's epoch is newer than ours: another invocation owns this load. Stop, write nothing. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

export type Warning = { code: string; message: string };

/** A half-open key range as a second reader can recompute it: count, and SHA-256 over its canonical rows in key order. */
export type RangeResult = { from: string | null; to: string | null; rows: number; checksum: string };

export type CopyRequest = {
  source: End;
  destination: End;
  network: Network;
  connectionId: string;
  table: TableSpec;
  schemaChange: 'widen' | 'fail' | 'ignore';
  /** Shown in `application_name`, and the key of a full refresh's load. */
  jobId: string;
  /** This invocation's epoch for the load; grows with every invocation. */
  epoch: number;
  /** Epoch milliseconds: begin no range that would not be done by then; after it, stop. */
  stopAt: number;
  now: () => number;
  /** Aborted on cancel, lost ownership or time out: statements are cancelled at the server and sockets closed. */
  signal: AbortSignal;
  /** Called once per load, after the claim and before the first read. */
  onProgress?: (progress: { rowsRead: number; rowsLoaded: number; bytesRead: number }) => void;
};

/** What the load has done so far over all its invocations of this job, read back from the destination's own rows. */
export type CopyOutcome = {
  done: boolean;
  rows_extracted: number;
  rows_loaded: number;
  bytes_read: number;
  ranges: readonly RangeResult[];
  /** `sha256:` over the ranges' hashes in order. */
  checksum: string;
  /** The checkpoint after this job, as the server's own text; null for a full refresh. */
  position: string | null;
  warnings: readonly Warning[];
};

export type Check = {
  end: 'source' | 'destination';
  name: string;
  ok: boolean;
  issue?: string;
  hint?: string;
};

export type DiscoveredTable = {
  name: string;
  primary_key: string[];
  columns: { name: string; type: string; nullable: boolean }[];
  cursor_candidates: string[];
  estimated_rows: number | null;
};

/** What functions/ may ask of the data plane. */
export type DataPlane = {
  /** Claims the load under the epoch, copies ranges until done or `stopAt`. @throws ConnectorError, Fenced */
  copyTable(request: CopyRequest): Promise<CopyOutcome>;
  /** Raises the load's epoch at the destination and ends older sessions, so that no older invocation commits again. */
  fence(request: Omit<CopyRequest, 'stopAt'> & { stopAt?: number }): Promise<void>;
  /** Reaches both ends and says what they may not do; never throws for a broken end. */
  check(request: {
    source: End;
    destination: End;
    network: Network;
    tables: readonly TableSpec[];
    schemaChange: string;
  }): Promise<Check[]>;
  discover(request: { source: End; network: Network }): Promise<DiscoveredTable[]>;
};
