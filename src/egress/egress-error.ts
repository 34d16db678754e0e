/** Everything a caller may learn of a failed call: one constant sentence per class, so that no text maps the inside (K13). */
export const egressReasons = {
  target_not_allowed: 'The target is not allowed.',
  dns: 'The name of the host could not be resolved.',
  connect: 'No connection to the host could be made.',
  tls: 'The TLS handshake failed.',
  tls_expired: 'The certificate of the host is expired or not valid yet.',
  tls_untrusted: 'The certificate of the host is not issued by a known authority.',
  tls_wrong_host: 'The certificate was issued for another host.',
  timeout: 'There was no complete answer in time.',
  reset: 'The connection was closed before the answer was complete.',
  protocol: 'The answer was not valid HTTP/1.1.',
  too_large: 'The header of the answer was too large.',
} as const;

export type EgressErrorClass = keyof typeof egressReasons;

/** A call that ended without an answer. */
export class EgressError extends Error {
  override readonly name = 'EgressError';
  readonly errorClass: EgressErrorClass;

  constructor(errorClass: EgressErrorClass, options?: ErrorOptions) {
    super(egressReasons[errorClass], options);
    this.errorClass = errorClass;
  }
}
