import { type DeliverServices, deliver } from '#src/domain/webhooks/delivery.ts';
import { DeliveryMessage } from '#src/domain/webhooks/stored-delivery.ts';
import { awsTable } from '#src/lambda/aws-table.ts';
import { cachingVault } from '#src/lambda/caching-vault.ts';
import { systemClock } from '#src/lambda/clock.ts';
import { events } from '#src/lambda/dispatch.ts';
import { guardedPost } from '#src/lambda/egress.ts';
import { consumer } from '#src/lambda/queue.ts';
import { random } from '#src/lambda/random.ts';
import { report } from '#src/lambda/report.ts';
import { deliveries } from '#src/lambda/senders.ts';
import { awsVault } from '#src/lambda/vault.ts';

let services: DeliverServices | undefined;

const connected = (): DeliverServices => {
  services ??= {
    table: awsTable(),
    clock: systemClock,
    vault: cachingVault(awsVault(), systemClock),
    post: guardedPost,
    deliveries: deliveries(),
    ...events(),
    report,
    random,
  };
  return services;
};

/** Makes one attempt of a delivery; what is still to come is on its record. */
export const deliverHandler = (connect: () => DeliverServices) =>
  consumer(DeliveryMessage, (message) => deliver(message, connect()));

export const handler = deliverHandler(connected);
