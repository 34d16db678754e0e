import type { EgressErrorClass } from './egress-error.ts';

const classes: Readonly<Record<string, EgressErrorClass>> = {
  CERT_HAS_EXPIRED: 'tls_expired',
  CERT_NOT_YET_VALID: 'tls_expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls_wrong_host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls_untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls_untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'tls_untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls_untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls_untrusted',
  CERT_UNTRUSTED: 'tls_untrusted',
  INVALID_CA: 'tls_untrusted',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
};

/** What a failed handshake may be called; the library's own text stays inside. */
export const tlsErrorClass = (error: unknown): EgressErrorClass =>
  classes[(error as NodeJS.ErrnoException).code ?? ''] ?? 'tls';
