import * as z from 'zod';
import type { Clock } from '#src/domain/clock.ts';
import { Causation } from '#src/domain/events/event.ts';
import type { Vault } from '#src/domain/vault.ts';
import { signedHeaders } from './signature.ts';
import type { StoredWebhook } from './stored-webhook.ts';

/** The one guarded client, as this folder sees it; the driver is src/egress. */
export type Post = (request: {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Sockets are never shared between organizations. */
  partition: string;
}) => Promise<PostResult>;

export type PostResult =
  | { outcome: 'answered'; status: number; latencyMs: number; excerpt?: string; retryAfter?: string }
  | { outcome: 'failed'; errorClass: string; reason: string; latencyMs: number };

export type AttemptServices = { clock: Clock; vault: Pick<Vault, 'open'>; post: Post };

type Shipment = { organizationId: string; eventId: string; body: string; webhook: StoredWebhook };

const Caused = z.looseObject({ causation: Causation });

/** Opens the secret, signs these bytes now, sends them. What goes wrong on our side is a failed attempt like any other. */
export const attemptPost = async (shipment: Shipment, services: AttemptServices): Promise<PostResult> => {
  const { organizationId, eventId, body, webhook } = shipment;
  const startedAt = services.clock.now();
  try {
    const secret = await services.vault.open(webhook.secret, {
      purpose: 'webhook',
      organization_id: organizationId,
      resource_id: webhook.id,
    });
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Planasonix-Webhooks/1',
      'X-Planasonix-Causation': JSON.stringify(Caused.parse(JSON.parse(body)).causation),
      ...signedHeaders({ id: eventId, sentAtMs: startedAt, body }, secret),
    };
    return await services.post({ url: webhook.url, headers, body, partition: organizationId });
  } catch {
    const latencyMs = services.clock.now() - startedAt;
    return {
      outcome: 'failed',
      errorClass: 'internal',
      reason: 'The attempt failed on our side.',
      latencyMs,
    };
  }
};
