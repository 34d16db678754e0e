import { dataPlane } from '#src/connectors/data-plane.ts';
import type { Vault } from '#src/domain/vault.ts';
import { awsTable } from '#src/lambda/aws-table.ts';
import { systemClock } from '#src/lambda/clock.ts';
import { dispatch } from '#src/lambda/dispatch.ts';
import { awsVault } from '#src/lambda/vault.ts';
import type { SliceServices } from './slice.ts';

/** What the Tasks of job.asl.json work with. */
export type WorkerServices = SliceServices & { vault: Pick<Vault, 'open'> };

let services: WorkerServices | undefined;

export const workerServices = (): WorkerServices => {
  services ??= {
    table: awsTable(),
    clock: systemClock,
    ...dispatch(),
    vault: awsVault(),
    dataPlane: dataPlane(),
  };
  return services;
};
