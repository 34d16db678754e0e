import { isoTime } from '#src/domain/clock.ts';
import { outbox } from '#src/domain/events/outbox.ts';
import { dueKey, failureKey, notDue, reachedKey, webhookKey } from '#src/table/keys.ts';
import { below, orAbsent, type Write } from '#src/table/table.ts';
import type { PostResult } from './attempt.ts';
import type { Claimed } from './claim.ts';
import { parseRetryAfter, waitAfter } from './retry-policy.ts';
import { type Attempt, graceMs, keyOfDelivery } from './stored-delivery.ts';

/** SQS delays a message no longer; what waits longer is sent by the sweeper. */
export const queueDelayMsMax = 900_000;

export type Recording = {
  delivery: Claimed;
  result: PostResult;
  now: number;
  random: () => number;
};

const unclaimed = ['claim', 'claim_until', 'claims', 'look_ms'] as const;

const attemptOf = ({ result, now }: Recording): Attempt => ({
  at: isoTime(now),
  latency_ms: result.latencyMs,
  http_status: result.outcome === 'answered' ? result.status : null,
  error_class: result.outcome === 'failed' ? result.errorClass : null,
  excerpt: (result.outcome === 'answered' && result.excerpt) || null,
});

const soFar = (recording: Recording) => ({
  attempt: recording.delivery.attempt + 1,
  attempts: [...recording.delivery.attempts, attemptOf(recording)],
});

/** The end of a delivery that was answered with 2xx. */
export const recordDelivered = (recording: Recording & { status: number }): Write => {
  const { delivery, now, status } = recording;
  return {
    update: keyOfDelivery(delivery),
    set: {
      ...soFar(recording),
      status: 'delivered',
      http_status: status,
      delivered_at: now,
    },
    remove: [...unclaimed, ...notDue, 'next_attempt_at', 'last_error'],
    if: { claim: delivery.claim },
  };
};

/** Tells when the webhook was last reached, whatever order the deliveries end in. */
export const recordReached = ({ delivery, now }: Recording): Write => ({
  update: reachedKey(delivery.organization_id, delivery.webhook_id),
  set: { at: now },
  if: { at: orAbsent(below(now)) },
});

/** When a failed delivery is tried again; undefined where it never is. */
export const nextAttemptAt = ({ delivery, result, now, random }: Recording): number | undefined => {
  if (result.outcome === 'answered' && result.status === 410) return undefined;
  const retryAfter = result.outcome === 'answered' ? result.retryAfter : undefined;
  const waitMs = waitAfter(delivery.attempt + 1, { random, retryAfterMs: parseRetryAfter(retryAfter, now) });
  return waitMs === undefined ? undefined : now + waitMs;
};

const errorOf = (result: PostResult) =>
  result.outcome === 'answered' ? `HTTP ${result.status}` : result.reason;

/** A failed attempt: the delivery with its next time or its end, and the mark that the webhook's figures count. */
export const recordFailed = (recording: Recording, nextAt: number | undefined): Write[] => {
  const { delivery, result, now } = recording;
  const { organization_id, webhook_id, id } = delivery;
  const done = soFar(recording);
  const sent = nextAt !== undefined && nextAt - now <= queueDelayMsMax;
  const key = failureKey(organization_id, webhook_id, now, `${id}#${done.attempt}`);
  return [
    {
      update: keyOfDelivery(delivery),
      set: {
        ...done,
        status: nextAt === undefined ? 'exhausted' : 'failed',
        http_status: result.outcome === 'answered' ? result.status : undefined,
        last_error: errorOf(result),
        next_attempt_at: nextAt,
        ...(nextAt !== undefined && dueKey(id, sent ? nextAt + graceMs : nextAt)),
      },
      remove: [
        ...unclaimed,
        ...(result.outcome === 'answered' ? [] : ['http_status']),
        ...(nextAt === undefined ? [...notDue, 'next_attempt_at'] : []),
      ],
      if: { claim: delivery.claim },
    },
    { put: { ...key, ttl: Math.ceil(now / 1000) + 2 * 86_400 } },
  ];
};

/** A receiver that answers 410 wants no more: its webhook ends with the delivery, and an event says so. */
export const disableWebhook = ({ delivery, now }: Recording): Write[] => {
  const { organization_id, webhook_id } = delivery;
  const data = { webhook_id, reason: 'gone' };
  return [
    {
      update: webhookKey(organization_id, webhook_id),
      set: { enabled: false, disabled_reason: 'gone', updated_at: now },
      add: { version: 1 },
      if: { enabled: true },
    },
    { put: outbox(organization_id, now, [{ type: 'webhook.disabled', data }]) },
  ];
};

/** The end of a delivery that nobody may send any more. */
export const recordDiscarded = (delivery: Claimed, reason: string): Write => ({
  update: keyOfDelivery(delivery),
  set: { status: 'exhausted', last_error: `Discarded: ${reason}.` },
  remove: [...unclaimed, ...notDue, 'next_attempt_at'],
  if: { claim: delivery.claim },
});
