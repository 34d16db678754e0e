import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { TableName } from './dataset.ts';

/** What makes COPY's text the same at every server (docs/connectors.md). */
export const canonicalSettings = `
  SET client_encoding = 'UTF8'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; SET timezone = 'UTC';
  SET extra_float_digits = 1; SET bytea_output = 'hex'`;

/** SHA-256 of a table's COPY text in key order: recomputed here, from nothing but the database. */
export const contentHash = async (client: Client, table: TableName) => {
  const hash = createHash('sha256');
  for await (const chunk of client.query(copyTo(`COPY (SELECT * FROM ${table} ORDER BY id) TO STDOUT`))) {
    hash.update(chunk);
  }
  return hash.digest('hex');
};

/** The checksum that a job's results give for a table of ranges with these hashes. */
export const checksumOfRanges = (hashes: readonly string[]) =>
  `sha256:${createHash('sha256').update(hashes.join('\n')).digest('hex')}`;

export const countRows = async (client: Client, table: TableName) =>
  Number((await client.query(`SELECT count(*) FROM ${table}`)).rows[0].count);
