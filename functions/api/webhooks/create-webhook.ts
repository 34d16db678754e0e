import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { Failure } from '#src/domain/failure.ts';
import { newWebhook } from '#src/domain/webhooks/create-webhook.ts';
import { presentWebhook } from '#src/domain/webhooks/stored-webhook.ts';
import { creationRefused, creationWrites } from '#src/domain/webhooks/webhook-repository.ts';
import { checkUrl } from '#src/egress/url.ts';
import { egressRules } from '#src/lambda/egress.ts';
import { lambda } from '#src/lambda/http.ts';
import { seal } from '#src/lambda/vault.ts';
import { ConditionFailed } from '#src/table/table.ts';

export const createWebhook = endpoint(
  routes.createWebhook,
  async ({ body, caller: { organizationId }, commit }, { clock, vault }) => {
    const verdict = checkUrl(body.url, egressRules());
    if (!verdict.ok) {
      const details = [{ field: 'url', issue: verdict.issue }];
      throw new Failure('invalid_request', 'The URL may not be called.', { details });
    }
    const { webhook, signingSecret } = await newWebhook(organizationId, body, { vault, now: clock.now() });
    const figures = { last_delivery_at: null, failure_count_24h: 0 };
    const reply = { ...presentWebhook(webhook), ...figures, signing_secret: signingSecret };
    try {
      await commit({
        writes: creationWrites(organizationId, webhook),
        action: 'webhook.create',
        resource: { type: 'webhook', id: webhook.id },
        reply,
        once: ['signing_secret'],
        after: webhook,
      });
    } catch (error) {
      throw error instanceof ConditionFailed ? creationRefused(error) : error;
    }
    return reply;
  },
);

export const handler = lambda(createWebhook, { seal });
