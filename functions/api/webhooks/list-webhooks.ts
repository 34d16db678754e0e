import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { presentWebhook } from '#src/domain/webhooks/stored-webhook.ts';
import { listWebhooks as pageOfWebhooks } from '#src/domain/webhooks/webhook-repository.ts';
import { lambda } from '#src/lambda/http.ts';

export const listWebhooks = endpoint(routes.listWebhooks, async ({ page, caller }, { table }) => {
  const { items, next } = await pageOfWebhooks(table, caller.organizationId, page);
  return { items: items.map(presentWebhook), next };
});

export const handler = lambda(listWebhooks);
