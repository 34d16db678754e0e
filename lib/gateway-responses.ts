/** What the gateway itself refuses, in our envelope. `$context` is filled in by API Gateway. */
const answer = (statusCode: number, code: string, message: string, headers: Record<string, string> = {}) => ({
  statusCode,
  responseParameters: Object.fromEntries([
    ['gatewayresponse.header.X-Request-Id', 'context.requestId'],
    ...Object.entries(headers).map(([name, value]) => [`gatewayresponse.header.${name}`, `'${value}'`]),
  ]),
  responseTemplates: {
    'application/json': JSON.stringify({
      error: { code, message, details: [], request_id: '$context.requestId' },
    }),
  },
});

const unauthorized = answer(
  401,
  'unauthorized',
  'The credential is missing, malformed, unknown, expired or revoked.',
);
const unknownPath = answer(404, 'not_found', 'There is no such route.');
const down = answer(503, 'dependency_down', 'The credential could not be checked. Try again.', {
  'Retry-After': '5',
});

export const gatewayResponses = {
  UNAUTHORIZED: unauthorized,
  ACCESS_DENIED: answer(403, 'forbidden', 'The credential may not do this.'),
  MISSING_AUTHENTICATION_TOKEN: unknownPath,
  INVALID_SIGNATURE: unknownPath,
  RESOURCE_NOT_FOUND: unknownPath,
  REQUEST_TOO_LARGE: answer(413, 'payload_too_large', 'The body is larger than 256 KiB.'),
  UNSUPPORTED_MEDIA_TYPE: answer(415, 'unsupported_media_type', 'Send application/json.'),
  THROTTLED: answer(429, 'rate_limited', 'Too many requests. Slow down.', { 'Retry-After': '1' }),
  BAD_REQUEST_BODY: answer(400, 'invalid_request', 'The request is not valid.'),
  BAD_REQUEST_PARAMETERS: answer(400, 'invalid_request', 'The request is not valid.'),
  AUTHORIZER_FAILURE: down,
  AUTHORIZER_CONFIGURATION_ERROR: down,
  INTEGRATION_FAILURE: answer(503, 'dependency_down', 'The service did not answer. Try again.', {
    'Retry-After': '5',
  }),
  INTEGRATION_TIMEOUT: answer(503, 'dependency_down', 'The service took too long. Try again.', {
    'Retry-After': '5',
  }),
  DEFAULT_5XX: answer(500, 'internal_error', 'Something went wrong on our side.'),
  DEFAULT_4XX: answer(400, 'invalid_request', 'The request is not valid.'),
};
