import { createHash } from 'node:crypto';
import type { CopyOutcome, CopyRequest, Warning } from '../connector.ts';
import type { Column, Table } from './catalog.ts';
import { ident, type TableName, tableName } from './identifiers.ts';
import { applicationName, doneRanges, type Head, type Load } from './ledger.ts';
import type { RangeSize } from './ranges.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';
import { checksumOf } from './transfer.ts';

/** A table being copied: both ends open, its load claimed. */
export type Copying = {
  request: CopyRequest;
  source: Session;
  destination: Session;
  load: Load;
  head: Head;
  table: Table;
  key: Column[];
  target: TableName;
  size: RangeSize;
};

/** Where the table lands: its own name, the destination's schema, or the name it was given. */
export const targetOf = ({ table, destination }: Pick<CopyRequest, 'table' | 'destination'>): TableName => {
  if (table.destination_name) return tableName(table.destination_name);
  const name = tableName(table.name);
  return typeof destination.config.schema === 'string'
    ? { ...name, schema: destination.config.schema }
    : name;
};

/** Another meaning under the same load starts a first load. */
const meaningOf = ({ source, table }: CopyRequest) =>
  createHash('sha256')
    .update(
      JSON.stringify([
        source.config.host,
        source.config.database,
        table.name,
        table.cursor_column,
        table.primary_key,
      ]),
    )
    .digest('hex');

export const loadOf = (request: CopyRequest): Load => {
  const { table, connectionId, jobId, epoch } = request;
  const owner = table.mode === 'incremental' ? connectionId : jobId;
  return { key: `${owner}/${table.name}`, table: table.name, jobId, epoch, meaning: meaningOf(request) };
};

/** After `stopAt` a range still has this long to end. */
const graceMs = 45_000;

export const sessionOptions = (request: CopyRequest, end: SessionOptions['end']): SessionOptions => ({
  end,
  at: request[end],
  network: request.network,
  applicationName: applicationName(loadOf(request)),
  timeoutMs: request.stopAt + graceMs - request.now(),
  signal: request.signal,
});

/** Opens both ends for the time of some work. */
export const withEnds = async <T>(
  request: CopyRequest,
  work: (source: Session, destination: Session) => Promise<T>,
): Promise<T> => {
  const source = await openSession(sessionOptions(request, 'source'));
  try {
    const destination = await openSession(sessionOptions(request, 'destination'));
    try {
      return await work(source, destination);
    } finally {
      await destination.end();
    }
  } finally {
    await source.end();
  }
};

/** Runs ranges until none is left or the time is up; a range is begun when one like the last would be done in time. */
export const inTime = async <T>(
  { request }: Pick<Copying, 'request'>,
  ranges: readonly T[],
  run: (range: T) => Promise<void>,
): Promise<boolean> => {
  let longestMs = 0;
  for (const [index, range] of ranges.entries()) {
    const startedAt = request.now();
    if (index > 0 && startedAt + longestMs > request.stopAt) return false;
    request.signal.throwIfAborted();
    await run(range);
    longestMs = Math.max(longestMs, request.now() - startedAt);
  }
  return true;
};

/** What the job has done of this table, out of the destination's own rows. */
export const outcomeOf = async (
  { destination, load }: Pick<Copying, 'destination' | 'load'>,
  end: { done: boolean; position: string | null; warnings: readonly Warning[] },
): Promise<CopyOutcome> => {
  const ranges = await doneRanges(destination, load);
  const sum = (of: (range: (typeof ranges)[number]) => number) =>
    ranges.reduce((total, range) => total + of(range), 0);
  return {
    ...end,
    rows_extracted: sum(({ rows }) => rows),
    rows_loaded: sum(({ loaded }) => loaded),
    bytes_read: sum(({ bytes }) => bytes),
    ranges: ranges.map(({ from, to, rows, checksum }) => ({ from, to, rows, checksum })),
    checksum: checksumOf(ranges.map(({ checksum }) => checksum)),
  };
};

export const columnNames = (columns: readonly Column[]) => columns.map(({ name }) => ident(name)).join(', ');
