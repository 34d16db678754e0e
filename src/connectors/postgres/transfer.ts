import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { connectorError } from './errors.ts';
import type { Session } from './session.ts';

/** What flowed, and its SHA-256: COPY's text in key order is the canonical form of docs/connectors.md. */
export type Flow = { rows: number; bytes: number; checksum: string };

type Copy = { select: string; into: string; signal: AbortSignal };

/**
 * COPY to COPY, hashed on the way; memory stays flat whatever flows. Rows are what the destination counted.
 * @throws ConnectorError of the end that failed
 */
export const transfer = async (
  source: Session,
  destination: Session,
  { select, into, signal }: Copy,
): Promise<Flow> => {
  const hash = createHash('sha256');
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const read = source.client.query(copyTo(`COPY (${select}) TO STDOUT`, { highWaterMark: 1 << 20 } as never));
  const write = destination.client.query(copyFrom(`COPY ${into} FROM STDIN`));
  let failed: unknown;
  read.once('error', (error) => {
    failed ??= connectorError(error, 'source');
  });
  write.once('error', (error) => {
    failed ??= connectorError(error, 'destination');
  });
  try {
    await pipeline(read, meter, write, { signal });
  } catch (error) {
    throw failed ?? error;
  }
  return { rows: write.rowCount, bytes, checksum: hash.digest('hex') };
};

/** The checksum of a load: over its ranges' hashes in order. */
export const checksumOf = (checksums: readonly string[]) =>
  `sha256:${createHash('sha256').update(checksums.join('\n')).digest('hex')}`;
