import * as z from 'zod';
import { type FanOutServices, fanOut } from '#src/domain/events/fan-out.ts';
import { awsTable } from '#src/lambda/aws-table.ts';
import { systemClock } from '#src/lambda/clock.ts';
import { consumer } from '#src/lambda/queue.ts';
import { report } from '#src/lambda/report.ts';
import { bus, deliveries } from '#src/lambda/senders.ts';
import { traceOf } from '#src/lambda/trace.ts';

let services: FanOutServices | undefined;

const connected = (): FanOutServices => {
  services ??= { table: awsTable(), clock: systemClock, deliveries: deliveries(), bus: bus(), report };
  return services;
};

/** Numbers an organization's events. Always acknowledged, so that no message blocks its group: `due` wakes again. */
export const fanOutHandler = (connect: () => FanOutServices) =>
  consumer(z.object({ organization_id: z.string() }), async ({ organization_id }, log) => {
    try {
      await fanOut(organization_id, connect());
    } catch (error) {
      log.error('fan-out failed', { organization_id, error: traceOf(error) });
    }
  });

export const handler = fanOutHandler(connected);
