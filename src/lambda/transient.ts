/** Errors of AWS and the network that pass by themselves. */
const names = new Set([
  'AbortError',
  'EC2ThrottledException',
  'InternalError',
  'InternalFailure',
  'InternalServerError',
  'InternalServiceErrorException',
  'KMSInternalException',
  'KeyUnavailableException',
  'DependencyTimeoutException',
  'LimitExceededException',
  'NetworkingError',
  'OverLimit',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'ResourceNotReadyException',
  'ServiceException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TimeoutError',
  'TooManyRequestsException',
  'ExecutionLimitExceeded',
]);
const codes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

type SdkError = Error & { code?: unknown; $metadata?: { httpStatusCode?: number } };

/** Whether trying again later can help: what the SDK threw after its own retries. */
export const isTransient = (error: unknown) => {
  if (!(error instanceof Error)) return false;
  const { name, code, $metadata } = error as SdkError;
  const status = $metadata?.httpStatusCode ?? 0;
  return names.has(name) || codes.has(String(code)) || status >= 500 || status === 429;
};
