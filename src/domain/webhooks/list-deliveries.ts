import { firstIdAt } from '#src/domain/ids.ts';
import { deliveryKey } from '#src/table/keys.ts';
import type { Table } from '#src/table/table.ts';
import { parseDelivery, type StoredDelivery } from './stored-delivery.ts';
import type { DeliveryListQuery } from './webhook.ts';

type Place = { organizationId: string; webhookId: string };
type Page = { limit: number; after?: string | undefined };

/** How many a page looks at when a filter lets few through; it may then be short, with more behind it. */
const lookedAtMax = 500;
const pageSize = 100;

const matches = (delivery: StoredDelivery, { status, event }: DeliveryListQuery, now: number) =>
  delivery.expires_at > now &&
  (status === undefined || status.includes(delivery.status)) &&
  (event === undefined || event === delivery.event);

/** `since` and `until` as the ids that were made between them; ids sort by time. */
const idsOf = ({ since, until }: DeliveryListQuery) => ({
  from: since === undefined ? 'whd_' : firstIdAt('delivery', Date.parse(since)),
  to: until === undefined ? 'whd_~' : firstIdAt('delivery', Date.parse(until)),
});

/** Newest first. A position is an id that was looked at, so what comes meanwhile moves nothing. */
export const listDeliveries = async (
  table: Table,
  { organizationId, webhookId }: Place,
  { filters, page, now }: { filters: DeliveryListQuery; page: Page; now: number },
): Promise<{ items: StoredDelivery[]; next?: string | undefined }> => {
  const { pk } = deliveryKey(organizationId, webhookId);
  const range = idsOf(filters);
  if (range.from >= range.to) return { items: [] };
  const found: StoredDelivery[] = [];
  let after = page.after;
  for (let lookedAt = 0; ; ) {
    const from = after && { after: deliveryKey(organizationId, webhookId, after) };
    const query = { pk, ...range, limit: Math.max(pageSize, page.limit + 1), descending: true, ...from };
    const { items, next } = await table.query(query);
    const deliveries = items.map(parseDelivery);
    found.push(...deliveries.filter((delivery) => matches(delivery, filters, now)));
    if (found.length > page.limit) {
      return { items: found.slice(0, page.limit), next: found[page.limit - 1]?.id };
    }
    if (!next) return { items: found };
    lookedAt += items.length;
    after = deliveries.at(-1)?.id;
    if (lookedAt >= lookedAtMax) return { items: found, next: after };
  }
};
