import type * as z from 'zod';
import type { Clock } from '#src/domain/clock.ts';
import type { Commit } from '#src/domain/commit.ts';
import type { Inspector } from '#src/domain/connections/inspector.ts';
import type { Runner } from '#src/domain/jobs/runner.ts';
import type { Vault } from '#src/domain/vault.ts';
import type { Table } from '#src/table/table.ts';
import type { ParamNames, Route, Use } from './route.ts';

/** Who asks, as the authorizer found out. */
export type Caller = {
  organizationId: string;
  credentialId: string;
  credentialType: string;
  credentialName: string;
  scopes: readonly string[];
};

/** Wakes fan-out; a lost wake-up is made good by the sweeper. */
export type Events = { wake(organizationId: string): Promise<void> };

type ByUse = {
  dispatch: { runner: Runner; events: Events };
  events: { events: Events };
  inspect: { inspector: Inspector };
  seal: { vault: Pick<Vault, 'seal'> };
};

export type Services = { table: Table; clock: Clock };
export type AllServices = Services & ByUse['dispatch'] & ByUse['inspect'] & ByUse['seal'];

type UsesOf<R extends Route> = R extends { uses: readonly (infer U extends Use)[] } ? U : never;
type Intersection<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer All) => void
  ? All
  : unknown;

/** What a handler may touch: the table and the clock, and what its row's `uses` names. */
export type ServicesOf<R extends Route> = Services &
  ([UsesOf<R>] extends [never] ? unknown : Intersection<ByUse[UsesOf<R>]>);

/** One function for each of the row's `uses`, called on the first request. */
export type Providers<R extends Route> = { [U in UsesOf<R>]: () => ByUse[U] };

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

export type Request<R extends Route> = {
  params: Record<ParamNames<R['path']>, string>;
  query: Parsed<R['query']>;
  body: Parsed<R['body']>;
  caller: Caller;
  requestId: string;
  /** Of a list: how many at most, and the `next` that the page before gave. */
  page: { limit: number; after?: string };
  /** Throws `version_conflict` where the caller's If-Match names another version. */
  matchVersion(version: number): void;
  /** Tells the caller of a good answer when to ask again. */
  retryAfter(seconds: number): void;
  /** Every change goes through this; what it replies must be what the handler returns. */
  commit: Commit;
};

// biome-ignore lint/suspicious/noConfusingVoidType: a handler with nothing to answer returns nothing
type Output<R extends Route> = R['returns'][1] extends z.ZodType ? z.input<R['returns'][1]> : void;

/** A list's handler gives items and, where more follow, a position of its own making. */
export type Reply<R extends Route> = R extends { list: true }
  ? { items: readonly Output<R>[]; next?: string | undefined }
  : Output<R>;

export type Handle<R extends Route> = (request: Request<R>, services: ServicesOf<R>) => Promise<Reply<R>>;
export type Endpoint<R extends Route> = { route: R; handle: Handle<R> };

/** Pairs a row of the route table with the code that answers it. */
export const endpoint = <R extends Route>(route: R, handle: Handle<R>): Endpoint<R> => ({ route, handle });
