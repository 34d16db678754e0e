/** For every AWS client: one layer of retries, and no call that outlives its request. */
export const clientConfig = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 5_000 },
} as const;
