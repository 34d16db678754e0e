import * as z from 'zod';
import type { FailureCode } from '#src/domain/failure.ts';

/** The HTTP face of every failure; the compiler insists that none is missing. */
export const errors: Record<FailureCode, { status: number; meaning: string }> = {
  invalid_request: { status: 400, meaning: 'The request breaks this contract; `details` says where' },
  invalid_cursor: { status: 400, meaning: 'The cursor is not one that this list gave for these filters' },
  unauthorized: { status: 401, meaning: 'The credential is missing, unknown, expired or revoked' },
  forbidden: { status: 403, meaning: 'The credential may not do this' },
  insufficient_scope: { status: 403, meaning: 'The credential lacks the scope' },
  feature_disabled: { status: 403, meaning: 'The orchestration API is switched off' },
  ip_not_allowed: { status: 403, meaning: 'The allowlist does not hold this address' },
  not_found: { status: 404, meaning: 'There is no such thing in this organization' },
  method_not_allowed: { status: 405, meaning: 'The path has no such method; see Allow' },
  conflict: { status: 409, meaning: 'Its present state does not allow this' },
  version_conflict: { status: 409, meaning: 'It has changed since the version in If-Match' },
  idempotency_in_progress: { status: 409, meaning: 'The first request with this key still runs' },
  job_not_terminal: { status: 409, meaning: 'The job has not ended yet' },
  limit_reached: { status: 409, meaning: 'The organization has as many as it may have' },
  causation_depth_exceeded: { status: 409, meaning: 'The chain of events that caused this is too long' },
  would_lock_out_caller: { status: 409, meaning: 'This would lock out its caller' },
  gone: { status: 410, meaning: 'It is no longer kept' },
  payload_too_large: { status: 413, meaning: 'The body is larger than 256 KiB' },
  unsupported_media_type: { status: 415, meaning: 'The body is not JSON' },
  idempotency_key_reused: { status: 422, meaning: 'The Idempotency-Key belongs to another request' },
  rate_limited: { status: 429, meaning: 'Too many requests; see Retry-After' },
  internal_error: { status: 500, meaning: 'Our fault; safe to retry with the same Idempotency-Key' },
  dependency_down: { status: 503, meaning: 'Something that we need does not answer; see Retry-After' },
};

export const ErrorBody = z
  .object({
    error: z.object({
      code: z.enum(Object.keys(errors) as [FailureCode, ...FailureCode[]]),
      message: z.string(),
      details: z.array(z.object({ field: z.string(), issue: z.string() })),
      request_id: z.string(),
    }),
  })
  .meta({ id: 'Error' });
