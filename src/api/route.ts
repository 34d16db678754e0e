import type * as z from 'zod';
import type { FailureCode } from '#src/domain/failure.ts';

export const scopes = [
  'orchestration:read',
  'orchestration:write',
  'pipelines:read',
  'pipelines:run',
  'pipelines:write',
  'connections:read',
  'connections:write',
  'webhooks:read',
  'webhooks:write',
  'settings:read',
  'settings:write',
  'admin:organization',
] as const;
export type Scope = (typeof scopes)[number];

/** What else than the table a function may touch; CDK grants exactly that, and the handler's services hold it. */
export type Use = 'dispatch' | 'events' | 'inspect' | 'seal';

/** One endpoint as data: it imports schemas, nothing that touches AWS. */
export type Route = {
  method: 'DELETE' | 'GET' | 'PATCH' | 'POST' | 'PUT';
  path: `/${string}`;
  summary: string;
  /** Any of these opens it; `public` needs no credential, `any` takes every known credential. */
  scope: readonly Scope[] | 'public' | 'any';
  /** dispatch: start executions and wake fan-out. events: wake fan-out. inspect: call the worker that opens databases. seal: encrypt secrets. */
  uses?: readonly Use[];
  query?: z.ZodObject;
  body?: z.ZodType;
  /** One thing, or many with paging (`list`), or nothing (204). */
  returns: readonly [status: 200 | 201 | 202 | 204, body: z.ZodType | null];
  list?: true;
  fails?: readonly FailureCode[];
  /** Set where the reply is a document of this type in place of `{ data }`. */
  document?: 'application/yaml';
  /** Where not 10. */
  timeoutSeconds?: number;
};

export type ParamNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never;
