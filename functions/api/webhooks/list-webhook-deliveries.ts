import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { listDeliveries } from '#src/domain/webhooks/list-deliveries.ts';
import { presentDelivery } from '#src/domain/webhooks/stored-delivery.ts';
import { readWebhook } from '#src/domain/webhooks/webhook-repository.ts';
import { lambda } from '#src/lambda/http.ts';

export const listWebhookDeliveries = endpoint(
  routes.listWebhookDeliveries,
  async ({ params: { webhookId }, query, page, caller: { organizationId } }, { table, clock }) => {
    await readWebhook(table, organizationId, webhookId);
    const place = { organizationId, webhookId };
    const { items, next } = await listDeliveries(table, place, { filters: query, page, now: clock.now() });
    return { items: items.map(presentDelivery), next };
  },
);

export const handler = lambda(listWebhookDeliveries);
