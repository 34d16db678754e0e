import type { GatewayResponses } from '#local/gateway-api.ts';
import { type GatewayRequest, headerOf } from '#local/gateway-event.ts';

export type HttpReply = {
  status: number;
  headers: [name: string, value: string | string[]][];
  body: Buffer | string;
};

/** What the gateway itself refuses, by AWS's names, with the status and message it has unless the API sets others. */
const refusals = {
  ACCESS_DENIED: [403, 'User is not authorized to access this resource'],
  AUTHORIZER_CONFIGURATION_ERROR: [500, null],
  AUTHORIZER_FAILURE: [500, null],
  BAD_REQUEST: [400, 'Bad Request'],
  INTEGRATION_FAILURE: [500, 'Internal server error'],
  INTEGRATION_TIMEOUT: [504, 'Endpoint request timed out'],
  MALFORMED_REPLY: [502, 'Internal server error'],
  MISSING_AUTHENTICATION_TOKEN: [403, 'Missing Authentication Token'],
  REQUEST_TOO_LARGE: [413, 'HTTP content length exceeded 10485760 bytes.'],
  UNAUTHORIZED: [401, 'Unauthorized'],
} as const satisfies Record<string, [status: number, message: string | null]>;

export type Refusal = { type: keyof typeof refusals; message?: string; authorizer?: Record<string, string> };

const lookUp = (values: unknown, path: string): unknown =>
  path.split('.').reduce((value, key) => (value as Record<string, unknown> | undefined)?.[key], values);

const contextOf = (request: GatewayRequest, { type, message, authorizer = {} }: Refusal, stage: string) => {
  const text = message ?? refusals[type][1];
  return {
    requestId: request.requestId,
    extendedRequestId: request.requestId,
    httpMethod: request.method,
    path: request.fullPath,
    stage,
    requestTimeEpoch: request.receivedAt,
    identity: { sourceIp: request.sourceIp },
    authorizer,
    error: { message: text, messageString: JSON.stringify(text), responseType: type },
  };
};

const variable = /\$context\.([A-Za-z]\w*(?:\.\w+)*)/g;

const parameterOf = (source: string, request: GatewayRequest, context: object) => {
  if (source.startsWith("'")) return source.slice(1, -1);
  if (source.startsWith('context.')) return lookUp(context, source.slice('context.'.length));
  const header = /^method\.request\.header\.(.+)$/.exec(source)?.[1];
  return header && headerOf(request, header);
};

const headersFor = (parameters: Record<string, string>, request: GatewayRequest, context: object) =>
  Object.entries(parameters).flatMap(([target, source]): [string, string][] => {
    const name = /^gatewayresponse\.header\.(.+)$/.exec(target)?.[1];
    const value = parameterOf(source, request, context);
    return name && value !== undefined ? [[name, String(value).replace(/[\r\n]/g, ' ')]] : [];
  });

const defaultTemplates = { 'application/json': '{"message":$context.error.messageString}' };

/** The gateway's own answer: the API's response of this type, else its DEFAULT_4XX or DEFAULT_5XX, else AWS's. */
export const gatewayResponse = (
  responses: GatewayResponses,
  request: GatewayRequest,
  refusal: Refusal,
  stage: string,
): HttpReply => {
  const [defaultStatus] = refusals[refusal.type];
  const response = responses[refusal.type] ?? responses[defaultStatus < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX'];
  const context = contextOf(request, refusal, stage);
  const templates = Object.entries(response?.responseTemplates ?? {});
  const [mediaType, template] = templates[0] ?? Object.entries(defaultTemplates)[0] ?? ['', ''];
  return {
    status: response?.statusCode ?? defaultStatus,
    headers: [
      ['Content-Type', mediaType],
      ...headersFor(response?.responseParameters ?? {}, request, context),
    ],
    body: template.replace(variable, (_, path: string) => String(lookUp(context, path) ?? '')),
  };
};
