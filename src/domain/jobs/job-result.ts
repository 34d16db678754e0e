import * as z from 'zod';
import { jobKey } from '#src/table/keys.ts';
import type { Table } from '#src/table/table.ts';
import { type JobMetrics, TableResult, Warning } from './job.ts';

/** What a job has done so far, table by table: kept between slices, the answer of `results` at the end. */
export const StoredResult = z.object({
  tables: z.array(TableResult).default([]),
  warnings: z.array(Warning).default([]),
});
export type StoredResult = z.output<typeof StoredResult>;

export const readResult = async (table: Table, organizationId: string, jobId: string) =>
  StoredResult.parse((await table.get(jobKey(organizationId, jobId, 'RESULT'))) ?? {});

/** Sums over the tables of a result. */
export const metricsOf = ({ tables }: StoredResult): JobMetrics => ({
  rows_extracted: tables.reduce((sum, one) => sum + one.rows_extracted, 0),
  rows_loaded: tables.reduce((sum, one) => sum + one.rows_loaded, 0),
  bytes_read: tables.reduce((sum, one) => sum + one.bytes_read, 0),
});
