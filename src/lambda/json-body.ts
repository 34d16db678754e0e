import type { APIGatewayProxyEvent } from 'aws-lambda';
import { Failure } from '#src/domain/failure.ts';
import { headerValues } from './headers.ts';

const maxBytes = 256 * 1024;
const maxDepth = 32;

const refused = (issue: string, cause?: unknown) =>
  new Failure('invalid_request', `The body ${issue}.`, { details: [{ field: 'body', issue }], cause });

/** The body's JSON value; no body at all is `{}`. What two JSON readers would read differently is refused. */
export const readJsonBody = (event: APIGatewayProxyEvent): unknown => {
  requireJson(event);
  const text = textOf(event);
  if (text === '') return {};
  const value = parse(text);
  inspect(text);
  return value;
};

const requireJson = (event: APIGatewayProxyEvent) => {
  const types = headerValues(event, 'content-type');
  const isJson = /^\s*application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?;?\s*$/i;
  if (!types.every((type) => isJson.test(type)))
    throw new Failure('unsupported_media_type', 'Send the body as application/json in UTF-8.');
};

const textOf = ({ body, isBase64Encoded }: APIGatewayProxyEvent) => {
  const bytes = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > maxBytes) throw new Failure('payload_too_large', 'The body is larger than 256 KiB.');
  if (!isBase64Encoded && !(body ?? '').isWellFormed()) throw refused('is not well-formed Unicode');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw refused('is not UTF-8', cause);
  }
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refused('is not JSON', cause);
  }
};

/** Strings, numbers and brackets of a text that is known to be JSON. */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|[{}[\],]/g;

type Level = { keys: Set<string> | null; awaitsKey: boolean };

/** Walks the tokens once, in linear time, and refuses what `JSON.parse` lets through. */
const inspect = (text: string) => {
  const levels: Level[] = [];
  for (const [token] of text.matchAll(tokens)) {
    const step = steps[token];
    if (step) step(levels);
    else inspectScalar(token, levels.at(-1));
  }
};

const open = (levels: Level[], level: Level) => {
  levels.push(level);
  if (levels.length > maxDepth) throw refused(`is nested deeper than ${maxDepth} levels`);
};

const steps: Readonly<Record<string, (levels: Level[]) => void>> = {
  '{': (levels) => open(levels, { keys: new Set(), awaitsKey: true }),
  '[': (levels) => open(levels, { keys: null, awaitsKey: false }),
  '}': (levels) => levels.pop(),
  ']': (levels) => levels.pop(),
  ',': (levels) => {
    const top = levels.at(-1);
    if (top) top.awaitsKey = top.keys !== null;
  },
};

const inspectScalar = (token: string, level: Level | undefined) => {
  if (!token.startsWith('"')) {
    const number = Number(token);
    if (!Number.isFinite(number) || (Number.isInteger(number) && !Number.isSafeInteger(number)))
      throw refused('holds a number that would be rounded');
    return;
  }
  const string: string = JSON.parse(token);
  if (!string.isWellFormed()) throw refused('holds a lone surrogate');
  if (level?.keys && level.awaitsKey) takeKey(string, level.keys);
  if (level) level.awaitsKey = false;
};

const takeKey = (key: string, keys: Set<string>) => {
  if (key === '__proto__') throw refused('holds the key __proto__');
  if (keys.has(key)) throw refused('holds a key twice');
  keys.add(key);
};
