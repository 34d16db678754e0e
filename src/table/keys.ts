import { createHash } from 'node:crypto';
import type { Key } from './table.ts';

/**
 * THE KEY SCHEMA. Tenant first; user text only through `keyText`; nothing else in the project builds a key.
 * Units are of items up to 1 KB: a write in a transaction costs 2, and 1 more for each index entry that it moves.
 *
 * | Item | pk | sk | Read by |
 * |---|---|---|---|
 * | organization | ORG#o | META | get |
 * | secret that signs cursors | ORG#o | CURSOR | get, cached |
 * | how many of a kind | ORG#o#COUNTS | kind | condition in the creating transaction |
 * | credential | KEY#sha256 | META | authorizer, get |
 * | list of connections, webhooks | ORG#o#CONNECTIONS, ORG#o#WEBHOOKS | id | query, newest first |
 * | a taken name | ORG#o#NAMES | kind#name | condition in the creating transaction |
 * | connection | ORG#o#CONN#c | META, CREDENTIALS, LIVE (gate of its syncs), STATE (epochs, checkpoints) | get |
 * | job | ORG#o#JOB#j | META, METADATA, RESULT | get; `due` while not terminal |
 * | gate | ORG#o#GATE#g | CAP, SLOT#n, QUEUE#kind#rank#job | query |
 * | idempotency record | ORG#o#IDEM#sha256 | RECORD | get |
 * | audit entry | ORG#o#AUDIT#day | id | query, newest first |
 * | list by owner | ORG#o#LIST#owner | id | query, newest first |
 * | outbox | ORG#o#OUTBOX | ms#id, ASIDE#ms#id | fan-out, oldest first; `due` until it is numbered |
 * | feed | ORG#o#FEED#seq/1000 | seq; the last number: ORG#o#FEED, HEAD | query, get |
 * | webhook | ORG#o#WEBHOOKS | id | one query for all |
 * | delivery | ORG#o#DELIVERIES#webhook | id | query, newest first; `due` until it ends |
 * | failed attempt | ORG#o#FAILURES#webhook | ms#delivery#attempt | query of the last 24 h |
 * | last success | ORG#o#REACHED#webhook | LAST | get |
 */
const keyText = (text: string) =>
  text.replace(/[^A-Za-z0-9_.-]/gu, (char) => `%${char.codePointAt(0)?.toString(16)};`);

const org = (organizationId: string) => `ORG#${organizationId}`;

/** Numbers in a sort key, so that text order is number order. */
export const ordered = (n: number, digits = 13) => String(Math.max(0, Math.floor(n))).padStart(digits, '0');

export const organizationKey = (organizationId: string): Key => ({ pk: org(organizationId), sk: 'META' });
export const organizationSlugKey = (slug: string): Key => ({ pk: `SLUG#${keyText(slug)}`, sk: 'META' });
export const credentialKey = (sha256Hex: string): Key => ({ pk: `KEY#${sha256Hex}`, sk: 'META' });

export const nameKey = (organizationId: string, kind: string, name: string): Key => ({
  pk: `${org(organizationId)}#NAMES`,
  sk: `${kind}#${keyText(name)}`,
});

export const cursorSecretKey = (organizationId: string): Key => ({ pk: org(organizationId), sk: 'CURSOR' });
export const countKey = (organizationId: string, kind: string): Key => ({
  pk: `${org(organizationId)}#COUNTS`,
  sk: kind,
});

export const connectionsKey = (organizationId: string, connectionId = ''): Key => ({
  pk: `${org(organizationId)}#CONNECTIONS`,
  sk: connectionId,
});
export const connectionKey = (
  organizationId: string,
  connectionId: string,
  part: 'META' | 'CREDENTIALS' | 'LIVE' | 'STATE' = 'META',
): Key => ({ pk: `${org(organizationId)}#CONN#${connectionId}`, sk: part });

export const jobKey = (
  organizationId: string,
  jobId: string,
  part: 'META' | 'METADATA' | 'RESULT' = 'META',
): Key => ({ pk: `${org(organizationId)}#JOB#${jobId}`, sk: part });

const gate = (organizationId: string, gateId: string) => `${org(organizationId)}#GATE#${gateId}`;
export const gateCapKey = (organizationId: string, gateId: string): Key => ({
  pk: gate(organizationId, gateId),
  sk: 'CAP',
});
export const slotKey = (organizationId: string, gateId: string, number: number): Key => ({
  pk: gate(organizationId, gateId),
  sk: `SLOT#${ordered(number, 5)}`,
});
export const queueKey = (
  organizationId: string,
  gateId: string,
  entry: { kind: string; rank: number; jobId: string },
): Key => ({
  pk: gate(organizationId, gateId),
  sk: `QUEUE#${entry.kind}#${ordered(entry.rank)}#${entry.jobId}`,
});

export const idempotencyKey = (organizationId: string, key: string): Key => ({
  pk: `${org(organizationId)}#IDEM#${createHash('sha256').update(key).digest('hex')}`,
  sk: 'RECORD',
});
export const auditKey = (organizationId: string, day: string, auditId = ''): Key => ({
  pk: `${org(organizationId)}#AUDIT#${day}`,
  sk: auditId,
});
/** `owner` is an id, or `jobs` for the organization's own list. */
export const listKey = (organizationId: string, owner: string, id = ''): Key => ({
  pk: `${org(organizationId)}#LIST#${owner}`,
  sk: id,
});

/** Events that wait for their numbers; `aside` is where those are kept that were refused for their own sake. */
export const outboxKey = (organizationId: string, atMs = 0, id = '', aside = false): Key => ({
  pk: `${org(organizationId)}#OUTBOX`,
  sk: `${aside ? 'ASIDE#' : ''}${ordered(atMs)}#${id}`,
});
export const feedHeadKey = (organizationId: string): Key => ({
  pk: `${org(organizationId)}#FEED`,
  sk: 'HEAD',
});
export const feedKey = (organizationId: string, sequence: number): Key => ({
  pk: `${org(organizationId)}#FEED#${ordered(sequence / 1000, 10)}`,
  sk: ordered(sequence),
});

export const webhookKey = (organizationId: string, webhookId = ''): Key => ({
  pk: `${org(organizationId)}#WEBHOOKS`,
  sk: webhookId,
});
export const deliveryKey = (organizationId: string, webhookId: string, deliveryId = ''): Key => ({
  pk: `${org(organizationId)}#DELIVERIES#${webhookId}`,
  sk: deliveryId,
});
/** When a webhook last answered with success. */
export const reachedKey = (organizationId: string, webhookId: string): Key => ({
  pk: `${org(organizationId)}#REACHED#${webhookId}`,
  sk: 'LAST',
});
export const failureKey = (organizationId: string, webhookId: string, atMs: number, attempt = ''): Key => ({
  pk: `${org(organizationId)}#FAILURES#${webhookId}`,
  sk: `${ordered(atMs)}#${attempt}`,
});

/** How many partitions share the sweeping. */
export const dueShards = 16;
const shardOf = (id: string) => (createHash('sha256').update(id).digest()[0] ?? 0) % dueShards;
export const duePartition = (shard: number) => `DUE#${shard}`;
/** The index entry by which the sweeper finds an item at or after `atMs`. */
export const dueKey = (id: string, atMs: number) => ({
  due_pk: duePartition(shardOf(id)),
  due_at: ordered(atMs),
});
/** Attributes to remove when there is nothing more to look for. */
export const notDue = ['due_pk', 'due_at'] as const;

/** What a due item is, out of its key alone: the index holds nothing else. */
export const kindOfDue = ({ pk }: Key) => {
  const [, organizationId = '', kind, id = ''] = pk.split('#');
  if (kind === 'JOB') return { kind: 'job', organizationId, jobId: id } as const;
  return kind === 'OUTBOX'
    ? ({ kind: 'outbox', organizationId } as const)
    : ({ kind: 'delivery', organizationId } as const);
};
