import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { isoTime } from '#src/domain/clock.ts';
import { newId } from '#src/domain/ids.ts';
import { auditKey } from '#src/table/keys.ts';
import type { Write } from '#src/table/table.ts';

/** Who asked for a change, and from where. */
export type Origin = {
  organizationId: string;
  actor: { type: string; id: string };
  credentialId: string | null;
  sourceIp: string | null;
  requestId: string;
};

export type AuditedChange = {
  action: string;
  resource: { type: string; id: string };
  before?: unknown;
  after?: unknown;
};

const keptSeconds = 365 * 86_400;

const hashOf = (value: unknown) =>
  value === undefined
    ? null
    : `sha256:${createHash('sha256')
        .update(canonicalize(value) ?? '')
        .digest('hex')}`;

/** The entry that goes into the transaction of the change it tells of (contract §8). */
export const auditEntry = (origin: Origin, change: AuditedChange, now: number): Write => {
  const at = isoTime(now);
  const id = newId('audit', now);
  return {
    put: {
      ...auditKey(origin.organizationId, at.slice(0, 10), id),
      id,
      at,
      actor: origin.actor,
      credential_id: origin.credentialId,
      source_ip: origin.sourceIp,
      action: change.action,
      resource: change.resource,
      outcome: 'succeeded',
      request_id: origin.requestId,
      before_hash: hashOf(change.before),
      after_hash: hashOf(change.after),
      ttl: Math.floor(now / 1000) + keptSeconds,
    },
  };
};
