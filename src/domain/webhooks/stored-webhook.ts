import * as z from 'zod';
import { isoTime } from '#src/domain/clock.ts';
import { webhookKey } from '#src/table/keys.ts';
import type { Item } from '#src/table/table.ts';
import { EventPattern, type Webhook } from './webhook.ts';

/** A webhook as the table holds it; the secret is sealed, times are epoch milliseconds. */
export const StoredWebhook = z.object({
  id: z.string(),
  url: z.string(),
  events: z.array(EventPattern),
  enabled: z.boolean(),
  description: z.string().optional(),
  disabled_reason: z.string().optional(),
  secret: z.string(),
  created_at: z.int(),
  updated_at: z.int(),
  version: z.int(),
});
export type StoredWebhook = z.output<typeof StoredWebhook>;

export const parseWebhooks = (items: readonly Item[]) => items.map((item) => StoredWebhook.parse(item));

export const webhookItem = (organizationId: string, webhook: StoredWebhook): Item => ({
  ...webhookKey(organizationId, webhook.id),
  ...webhook,
});

export const presentWebhook = (webhook: StoredWebhook): Webhook => ({
  id: webhook.id,
  url: webhook.url,
  events: webhook.events,
  enabled: webhook.enabled,
  description: webhook.description ?? null,
  disabled_reason: webhook.disabled_reason ?? null,
  created_at: isoTime(webhook.created_at),
  updated_at: isoTime(webhook.updated_at),
  version: webhook.version,
});
