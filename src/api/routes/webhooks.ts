import { CreateWebhook, DeliveryListQuery, Webhook, WebhookDelivery } from '#src/domain/webhooks/webhook.ts';
import type { Route } from '../route.ts';

export const webhookRoutes = {
  createWebhook: {
    method: 'POST',
    path: '/api/v1/webhooks',
    summary: 'Subscribe a URL to events',
    scope: ['webhooks:write', 'orchestration:write'],
    uses: ['seal'],
    body: CreateWebhook,
    returns: [201, Webhook],
    fails: ['limit_reached'],
  },
  listWebhooks: {
    method: 'GET',
    path: '/api/v1/webhooks',
    summary: 'List webhooks, newest first',
    scope: ['webhooks:read', 'orchestration:read'],
    returns: [200, Webhook],
    list: true,
  },
  getWebhook: {
    method: 'GET',
    path: '/api/v1/webhooks/{webhookId}',
    summary: 'Get a webhook',
    scope: ['webhooks:read', 'orchestration:read'],
    returns: [200, Webhook],
    fails: ['not_found'],
  },
  deleteWebhook: {
    method: 'DELETE',
    path: '/api/v1/webhooks/{webhookId}',
    summary: 'Delete a webhook; nothing more is sent to it',
    scope: ['webhooks:write', 'orchestration:write'],
    returns: [204, null],
    fails: ['not_found', 'version_conflict'],
  },
  listWebhookDeliveries: {
    method: 'GET',
    path: '/api/v1/webhooks/{webhookId}/deliveries',
    summary: 'What was sent to a webhook, newest first',
    scope: ['webhooks:read', 'orchestration:read'],
    query: DeliveryListQuery,
    returns: [200, WebhookDelivery],
    list: true,
    fails: ['not_found'],
  },
} as const satisfies Record<string, Route>;
