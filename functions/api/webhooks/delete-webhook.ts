import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { Failure, notFound } from '#src/domain/failure.ts';
import { deletionWrites, readWebhook } from '#src/domain/webhooks/webhook-repository.ts';
import { lambda } from '#src/lambda/http.ts';
import { ConditionFailed } from '#src/table/table.ts';

export const deleteWebhook = endpoint(
  routes.deleteWebhook,
  async ({ params, caller: { organizationId }, matchVersion, commit }, { table }) => {
    const webhook = await readWebhook(table, organizationId, params.webhookId);
    matchVersion(webhook.version);
    try {
      await commit({
        writes: deletionWrites(organizationId, webhook),
        action: 'webhook.delete',
        resource: { type: 'webhook', id: webhook.id },
        reply: null,
        before: webhook,
      });
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      throw error.failed.get(0)
        ? new Failure('version_conflict', 'The webhook changed meanwhile. Try again.', { cause: error })
        : notFound('webhook');
    }
  },
);

export const handler = lambda(deleteWebhook);
