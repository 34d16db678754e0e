import * as z from 'zod';
import { EventType, eventTypes } from '#src/domain/events/event.ts';
import { idSchema } from '#src/domain/ids.ts';

const time = z.iso.datetime({ offset: true });

const families = [...new Set(eventTypes.map((type) => `${type.split('.', 1)[0]}.*` as const))];

/** What a webhook asks for: a type of event, all of a family (`job.*`), or everything (`*`). */
export const EventPattern = z.enum(['*', ...families, ...eventTypes]).meta({ id: 'EventPattern' });
export type EventPattern = z.output<typeof EventPattern>;

export const matchesEvent = (patterns: readonly EventPattern[], type: EventType) =>
  patterns.some(
    (pattern) =>
      pattern === '*' ||
      pattern === type ||
      (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))),
  );

/** A webhook as callers see it; figures of its deliveries only where one webhook is asked for. */
export const Webhook = z
  .object({
    id: idSchema('webhook'),
    url: z.string(),
    events: z.array(EventPattern),
    enabled: z.boolean(),
    description: z.string().nullable(),
    disabled_reason: z.string().nullable(),
    created_at: time,
    updated_at: time,
    version: z.int(),
    last_delivery_at: time.nullable().optional(),
    failure_count_24h: z.int().optional(),
    signing_secret: z
      .string()
      .nullable()
      .optional()
      .meta({ description: 'Shown once, by the answer that creates the webhook' }),
  })
  .meta({ id: 'Webhook' });
export type Webhook = z.output<typeof Webhook>;

export const CreateWebhook = z
  .strictObject({
    url: z.string().min(1).max(2048),
    events: z.array(EventPattern).min(1).max(50),
    secret: z
      .string()
      .min(24)
      .max(128)
      .regex(/^[\x21-\x7e]+$/, 'must be of visible ASCII characters')
      .optional(),
    description: z.string().max(500).optional(),
  })
  .meta({ id: 'CreateWebhook' });
export type CreateWebhook = z.output<typeof CreateWebhook>;

export const DeliveryStatus = z.enum(['pending', 'delivered', 'failed', 'exhausted']);
export type DeliveryStatus = z.output<typeof DeliveryStatus>;

/** One event on its way to one webhook. `failed` means that another attempt is planned. */
export const WebhookDelivery = z
  .object({
    id: idSchema('delivery'),
    event: EventType,
    event_id: idSchema('event'),
    status: DeliveryStatus,
    http_status: z.int().nullable(),
    attempt: z.int(),
    last_error: z.string().nullable(),
    created_at: time,
    next_attempt_at: time.nullable(),
    delivered_at: time.nullable(),
    test: z.boolean(),
  })
  .meta({ id: 'WebhookDelivery' });
export type WebhookDelivery = z.output<typeof WebhookDelivery>;

const statuses = z
  .string()
  .transform((list) => list.split(','))
  .pipe(z.array(DeliveryStatus).min(1));

/** What a webhook's deliveries are filtered by; paging parameters are the wrapper's. */
export const DeliveryListQuery = z.strictObject({
  status: statuses.optional(),
  event: EventType.optional(),
  since: time.optional(),
  until: time.optional(),
});
export type DeliveryListQuery = z.output<typeof DeliveryListQuery>;
