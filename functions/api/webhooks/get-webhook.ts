import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { readFigures } from '#src/domain/webhooks/figures.ts';
import { presentWebhook } from '#src/domain/webhooks/stored-webhook.ts';
import { readWebhook } from '#src/domain/webhooks/webhook-repository.ts';
import { lambda } from '#src/lambda/http.ts';

export const getWebhook = endpoint(
  routes.getWebhook,
  async ({ params: { webhookId }, caller: { organizationId } }, { table, clock }) => {
    const [webhook, figures] = await Promise.all([
      readWebhook(table, organizationId, webhookId),
      readFigures(table, organizationId, webhookId, clock.now()),
    ]);
    return { ...presentWebhook(webhook), ...figures };
  },
);

export const handler = lambda(getWebhook);
