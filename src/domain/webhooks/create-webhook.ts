import { newId } from '#src/domain/ids.ts';
import type { Vault } from '#src/domain/vault.ts';
import { newSecret } from './signature.ts';
import type { StoredWebhook } from './stored-webhook.ts';
import type { CreateWebhook } from './webhook.ts';

type CreateServices = { vault: Pick<Vault, 'seal'>; now: number };

/** A new webhook with its secret sealed, and the secret itself: the only time that it leaves this function. */
export const newWebhook = async (
  organizationId: string,
  { url, events, secret, description }: CreateWebhook,
  { vault, now }: CreateServices,
): Promise<{ webhook: StoredWebhook; signingSecret: string }> => {
  const id = newId('webhook', now);
  const signingSecret = secret ?? newSecret();
  const sealed = await vault.seal(signingSecret, {
    purpose: 'webhook',
    organization_id: organizationId,
    resource_id: id,
  });
  const webhook: StoredWebhook = {
    id,
    url,
    events: [...new Set(events)],
    enabled: true,
    ...(description !== undefined && { description }),
    secret: sealed,
    created_at: now,
    updated_at: now,
    version: 1,
  };
  return { webhook, signingSecret };
};
