/** What may be called from here: policy of the deployment, the same when a URL is stored and when it is called. */
export type EgressRules = {
  ports: readonly number[];
  /** CIDRs that open private unicast addresses; never link-local, loopback or metadata services. */
  allowedNetworks: readonly string[];
  /** Local mode: http to 127.0.0.1 and localhost is the only exception; https to loopback stays refused. */
  allowLoopbackHttp: boolean;
  /** Names of this deployment's own endpoints. */
  ownHosts: readonly string[];
};

export const defaultRules: EgressRules = {
  ports: [443, 8443],
  allowedNetworks: [],
  allowLoopbackHttp: false,
  ownHosts: [],
};

/** Every limit of one call; the total counts from its start and includes all the others. */
export type EgressLimits = {
  dnsMs: number;
  connectMs: number;
  tlsMs: number;
  totalMs: number;
  /** Of the answer's body; more is not read and the socket is closed. */
  readBytes: number;
  headBytes: number;
  excerptBytes: number;
};

export const defaultLimits: EgressLimits = {
  dnsMs: 2_000,
  connectMs: 3_000,
  tlsMs: 3_000,
  totalMs: 15_000,
  readBytes: 64 * 1024,
  headBytes: 16 * 1024,
  excerptBytes: 1024,
};
