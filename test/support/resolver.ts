import type { Resolve } from '#src/egress/resolve.ts';

type Answer = readonly string[] | 'NXDOMAIN' | 'SERVFAIL' | 'stall';

const failed = (code: string) => Object.assign(new Error(`query ${code}`), { code });

const give = (answer: Answer): Promise<readonly string[]> => {
  if (answer === 'stall') return new Promise(() => undefined);
  if (answer === 'NXDOMAIN') return Promise.resolve([]);
  return typeof answer === 'string' ? Promise.reject(failed('ESERVFAIL')) : Promise.resolve(answer);
};

/** A resolver that answers by sequence, the last one again and again (faults.md: DNSF); `asked` lists the names. */
export const fakeResolver = (...answers: Answer[]): { resolve: Resolve; asked: string[] } => {
  const asked: string[] = [];
  const resolve: Resolve = (host) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? 'NXDOMAIN';
    asked.push(host);
    return give(answer);
  };
  return { resolve, asked };
};
