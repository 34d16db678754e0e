import { Failure, notFound } from '#src/domain/failure.ts';
import { countKey, reachedKey, webhookKey } from '#src/table/keys.ts';
import { absent, below, type ConditionFailed, orAbsent, type Table, type Write } from '#src/table/table.ts';
import { parseWebhooks, StoredWebhook, webhookItem } from './stored-webhook.ts';

/** How many webhooks an organization may have. */
const webhooksMax = 50;

/** @throws Failure `not_found` */
export const readWebhook = async (
  table: Table,
  organizationId: string,
  webhookId: string,
): Promise<StoredWebhook> => {
  const item = await table.get(webhookKey(organizationId, webhookId));
  if (!item) throw notFound('webhook');
  return StoredWebhook.parse(item);
};

/** Newest first; a position is the last webhook that was shown. */
export const listWebhooks = async (
  table: Table,
  organizationId: string,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: StoredWebhook[]; next?: string | undefined }> => {
  const { items } = await table.query({
    pk: webhookKey(organizationId).pk,
    prefix: 'wh_',
    limit: limit + 1,
    descending: true,
    ...(after && { after: webhookKey(organizationId, after) }),
  });
  const webhooks = parseWebhooks(items);
  const more = webhooks.length > limit;
  return { items: webhooks.slice(0, limit), next: more ? webhooks[limit - 1]?.id : undefined };
};

/** The webhook, and its place under the limit; `creationRefused` knows their order. */
export const creationWrites = (organizationId: string, webhook: StoredWebhook): Write[] => [
  {
    update: countKey(organizationId, 'webhooks'),
    add: { count: 1 },
    if: { count: orAbsent(below(webhooksMax)) },
  },
  { put: webhookItem(organizationId, webhook), if: { pk: absent } },
];

export const creationRefused = (error: ConditionFailed) =>
  error.failed.has(0)
    ? new Failure('limit_reached', `An organization has at most ${webhooksMax} webhooks.`, { cause: error })
    : error;

/** Holds only for the version that was read; what was sent stays until it expires. */
export const deletionWrites = (organizationId: string, { id, version }: StoredWebhook): Write[] => [
  { delete: webhookKey(organizationId, id), if: { version } },
  { update: countKey(organizationId, 'webhooks'), add: { count: -1 } },
  { delete: reachedKey(organizationId, id) },
];
