import { Resolver } from 'node:dns/promises';

/** All A and AAAA records of a name as address texts; none where it does not exist. */
export type Resolve = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

const absent: readonly unknown[] = ['ENOTFOUND', 'ENODATA'];

const records = (answer: Promise<string[]>) =>
  answer.catch((error: NodeJS.ErrnoException) => {
    if (absent.includes(error.code)) return [];
    throw error;
  });

/**
 * Asks the name servers itself: `dns.lookup` would hold one of the four threads that all lookups share, so that a name
 * that stalls would delay every other receiver. A query that is given up ends by its own limit.
 */
export const resolveBy =
  (resolver: Resolver): Resolve =>
  async (host) => {
    const answers = [resolver.resolve4(host), resolver.resolve6(host)];
    return (await Promise.all(answers.map(records))).flat();
  };

let ofSystem: Resolve | undefined;

export const systemResolve: Resolve = (host, signal) => {
  ofSystem ??= resolveBy(new Resolver({ timeout: 1000, tries: 2 }));
  return ofSystem(host, signal);
};
