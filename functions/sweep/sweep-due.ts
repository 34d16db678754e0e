import * as z from 'zod';
import { lookAtOutbox } from '#src/domain/events/look-at-outbox.ts';
import { type SweepServices, sweep } from '#src/domain/sweep/sweep.ts';
import { lookAtDelivery } from '#src/domain/webhooks/look-at-delivery.ts';
import { awsTable } from '#src/lambda/aws-table.ts';
import { systemClock } from '#src/lambda/clock.ts';
import { dispatch } from '#src/lambda/dispatch.ts';
import { deliveries } from '#src/lambda/senders.ts';
import { task } from '#src/lambda/task.ts';

let services: SweepServices | undefined;

const connected = (): SweepServices => {
  if (services) return services;
  const common = { table: awsTable(), clock: systemClock, deliveries: deliveries(), ...dispatch() };
  services = {
    ...common,
    lookAtDelivery: (item) => lookAtDelivery(item, common),
    lookAtOutbox: (item) => lookAtOutbox(item, common),
  };
  return services;
};

/** Each minute; with `all`, after a restart, whatever waits is due. */
const Tick = z.object({ all: z.boolean().default(false) });

export const handler = task(Tick, async ({ all }, _, log) => {
  const report = await sweep(connected(), { all });
  log.info('swept', report);
  return report;
});
