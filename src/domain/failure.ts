/** Every code that an answer can carry (contract §1). HTTP is decided in src/api/errors.ts. */
export type FailureCode =
  | 'invalid_request'
  | 'invalid_cursor'
  | 'unauthorized'
  | 'forbidden'
  | 'insufficient_scope'
  | 'feature_disabled'
  | 'ip_not_allowed'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'version_conflict'
  | 'idempotency_in_progress'
  | 'idempotency_key_reused'
  | 'job_not_terminal'
  | 'limit_reached'
  | 'causation_depth_exceeded'
  | 'would_lock_out_caller'
  | 'gone'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'rate_limited'
  | 'internal_error'
  | 'dependency_down';

/** One problem of a request: the path of the field, and what is wrong with it. */
export type FailureDetail = { field: string; issue: string };

type FailureOptions = ErrorOptions & { details?: readonly FailureDetail[]; retryAfterSeconds?: number };

/** An expected refusal: its code and its sentence reach the caller, anything else is an internal error. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly details: readonly FailureDetail[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: FailureCode, message: string, options: FailureOptions = {}) {
    super(message, options);
    this.code = code;
    this.details = options.details ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** The one answer to an id that is unknown, malformed or another tenant's. */
export const notFound = (what: string) => new Failure('not_found', `There is no such ${what}.`);
