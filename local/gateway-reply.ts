import { validateHeaderName, validateHeaderValue } from 'node:http';
import * as z from 'zod';
import type { HttpReply } from '#local/gateway-response.ts';

const Value = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const FunctionReply = z.object({
  statusCode: z.int().min(200).max(599),
  headers: z.record(z.string(), Value).nullish(),
  multiValueHeaders: z.record(z.string(), z.array(Value)).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** The gateway writes these itself. */
const ownHeaders = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding', 'upgrade']);

const isValid = ([name, value]: [string, string | string[]]) => {
  try {
    validateHeaderName(name);
    for (const each of [value].flat()) validateHeaderValue(name, each);
    return true;
  } catch {
    return false; // a line break in a value would start another header
  }
};

const headersOf = ({ headers, multiValueHeaders }: z.infer<typeof FunctionReply>) => {
  const merged = new Map<string, [string, string | string[]]>();
  const all = [...Object.entries(headers ?? {}), ...Object.entries(multiValueHeaders ?? {})];
  for (const [name, value] of all) {
    if (!ownHeaders.has(name.toLowerCase())) merged.set(name.toLowerCase(), [name, value]);
  }
  if (!merged.has('content-type')) merged.set('content-type', ['Content-Type', 'application/json']);
  return [...merged.values()];
};

/** What a function replied as HTTP, or undefined where it is not a Lambda proxy reply. */
export const httpReply = (payload: unknown, acceptsBinary: boolean): HttpReply | undefined => {
  const parsed = FunctionReply.safeParse(payload);
  if (!parsed.success) return undefined;
  const { statusCode, body, isBase64Encoded } = parsed.data;
  const headers = headersOf(parsed.data);
  if (!headers.every(isValid)) return undefined;
  const isDecoded = isBase64Encoded && acceptsBinary;
  return { status: statusCode, headers, body: Buffer.from(body ?? '', isDecoded ? 'base64' : 'utf8') };
};
