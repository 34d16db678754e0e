import type { Clock } from '#src/domain/clock.ts';
import { EgressError, type EgressErrorClass } from './egress-error.ts';

export type Limit = {
  clock: Clock;
  limitMs: number;
  errorClass: EgressErrorClass;
  outer?: AbortSignal | undefined;
};

/** Fails with the class when the time is up, or with the outer signal's reason; `work` is told by its signal and not waited for. */
export const within = async <T>(
  { clock, limitMs, errorClass, outer }: Limit,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  outer?.throwIfAborted();
  const { promise: over, reject } = Promise.withResolvers<never>();
  const inner = new AbortController();
  const abort = (reason: unknown) => {
    inner.abort(reason);
    reject(reason);
  };
  const onOuter = () => abort(outer?.reason);
  outer?.addEventListener('abort', onOuter);
  const stop = clock.every(limitMs, () => abort(new EgressError(errorClass)));
  try {
    return await Promise.race([work(inner.signal), over]);
  } finally {
    stop();
    outer?.removeEventListener('abort', onOuter);
  }
};
