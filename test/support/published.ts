import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { expect } from 'vitest';
import { openapi } from '#src/api/openapi.ts';
import type { Route } from '#src/api/route.ts';

type Response = { headers?: Record<string, unknown>; content?: Record<string, unknown> };
type Published = { paths: Record<string, Record<string, { responses: Record<string, Response> }>> };

let document: Published | undefined;
const validators = new Map<string, ValidateFunction>();

const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);

const documented = () => {
  if (!document) {
    document = openapi() as unknown as Published;
    ajv.addSchema(document, 'openapi');
  }
  return document;
};

/** Every `/` of a name as JSON pointers in a URI have it. */
const pointer = (...names: (string | number)[]) =>
  names.map((name) => encodeURIComponent(String(name).replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');

const validatorOf = (...names: (string | number)[]) => {
  const $ref = `openapi#/${pointer(...names)}`;
  const validate = validators.get($ref) ?? ajv.compile({ $ref });
  validators.set($ref, validate);
  return validate;
};

/** A12: an answer's status, headers and body are what the OpenAPI document says of its route. */
export const expectPublished = (
  { method, path }: Route,
  { status, headers, body }: { status: number; headers: Readonly<Record<string, string>>; body: unknown },
) => {
  const verb = method.toLowerCase();
  const response = documented().paths[path]?.[verb]?.responses[status];
  expect(response, `${method} ${path} publishes ${status}`).toBeDefined();
  const known = ['content-type', ...Object.keys(response?.headers ?? {}).map((name) => name.toLowerCase())];
  expect(known, `${method} ${path} ${status} publishes its headers`).toEqual(
    expect.arrayContaining(Object.keys(headers)),
  );
  const type = headers['content-type'];
  if (type === undefined) return;
  const validate = validatorOf('paths', path, verb, 'responses', status, 'content', type, 'schema');
  validate(body);
  expect(validate.errors ?? [], `${method} ${path} ${status} publishes its body`).toEqual([]);
};
