import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '#src/domain/clock.ts';
import { type Dial, openSocket } from './connect.ts';
import { EgressError, type EgressErrorClass, egressReasons } from './egress-error.ts';
import { type Answer, type Exchange, exchange, StaleSocket } from './exchange.ts';
import { closeIdle, hasIdle, type Pool, type Pooled, sharedPool } from './pool.ts';
import type { Resolve } from './resolve.ts';
import { defaultLimits, type EgressLimits, type EgressRules } from './rules.ts';
import { findTarget, type Target } from './target.ts';
import { within } from './within.ts';

export type PostRequest = {
  url: string;
  /** Without Host, Content-Length and Connection, which are the client's own. */
  headers: Readonly<Record<string, string>>;
  body: string | Uint8Array;
  /** Sockets are never shared between two of these: the organization's id. */
  partition: string;
};

export type EgressOptions = {
  rules: EgressRules;
  clock: Clock;
  resolve?: Resolve;
  limits?: Partial<EgressLimits>;
  /** Sockets that outlive the call; by default the one pool of this process, warm over invocations. */
  pool?: Pool;
  /** Further root certificates instead of Node's own, for tests. */
  ca?: string;
  /** How a checked address is dialled, for tests. */
  dial?: Dial;
};

type Ended =
  | ({ outcome: 'answered' } & Answer)
  | {
      outcome: 'failed';
      errorClass: EgressErrorClass;
      /** The one sentence of the class, fit for a customer. */
      reason: string;
    };

export type PostResult = Ended & { latencyMs: number };

type Call = Required<Pick<EgressOptions, 'clock' | 'pool'>> &
  EgressOptions & { limits: EgressLimits; outer: AbortSignal };

const headersOf = ({ headers, body }: PostRequest, { url }: Target) => [
  ...['Host', url.host, 'Accept', '*/*', 'Accept-Encoding', 'identity', 'Connection', 'keep-alive'],
  ...['Content-Length', String(Buffer.byteLength(body))],
  ...Object.entries(headers).flat(),
];

const pooled = (request: PostRequest, target: Target, call: Call): Pooled => ({
  agent: call.pool,
  poolKey: [request.partition, target.url.origin, target.address].join(' '),
  open: () => openSocket(target, call),
  path: target.url.pathname + target.url.search,
  headers: headersOf(request, target),
});

const send = async (request: PostRequest, call: Call, onHead: Exchange['onHead']) => {
  const target = await findTarget(request.url, call);
  const options = pooled(request, target, call);
  const once = () => exchange(options, request.body, { limits: call.limits, signal: call.outer, onHead });
  if (hasIdle(call.pool, options.poolKey)) await turn(); // lets the loop notice that the other side has closed
  return once().catch((error: unknown) => {
    if (!(error instanceof StaleSocket)) throw error;
    closeIdle(call.pool, options.poolKey);
    return once();
  });
};

/** A refusal counts as soon as it is said; a success only when the whole answer is in. */
const endOf = (error: unknown, head: Answer | undefined): Ended => {
  if (!(error instanceof EgressError)) throw error;
  if (head && head.status >= 300) return { outcome: 'answered', ...head };
  return { outcome: 'failed', errorClass: error.errorClass, reason: egressReasons[error.errorClass] };
};

/** One POST to a URL that a customer chose: checks, resolves, pins, limits, never follows. Never throws for a bad target. */
export const postGuarded = async (request: PostRequest, options: EgressOptions): Promise<PostResult> => {
  const { clock, pool = sharedPool() } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const startedAt = clock.now();
  let head: Answer | undefined;
  const work = (outer: AbortSignal) =>
    send(request, { ...options, clock, pool, limits, outer }, (seen) => {
      head = seen;
    });
  const ended = await within({ clock, limitMs: limits.totalMs, errorClass: 'timeout' }, work).then(
    (answer): Ended => ({ outcome: 'answered', ...answer }),
    (error: unknown) => endOf(error, head),
  );
  return { ...ended, latencyMs: Math.max(0, clock.now() - startedAt) };
};
