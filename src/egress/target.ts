import { isIP } from 'node:net';
import type { Clock } from '#src/domain/clock.ts';
import { type AddressVerdict, checkAddress } from './address.ts';
import { EgressError } from './egress-error.ts';
import { type Resolve, systemResolve } from './resolve.ts';
import { defaultLimits, type EgressLimits, type EgressRules } from './rules.ts';
import { checkUrl, hostOf, isLoopbackHttp, portOf, type UrlIssue } from './url.ts';
import { within } from './within.ts';

export type Target = { url: URL; host: string; port: number; address: string };

export type Lookup = {
  rules: EgressRules;
  clock: Clock;
  resolve?: Resolve;
  limits?: Partial<EgressLimits>;
  outer?: AbortSignal;
};

const maxRecords = 64;

type Checked = Extract<AddressVerdict, { ok: true }>;

/** All records of a name, asked once. @throws EgressError `dns` */
export const recordsOf = async (host: string, resolve: Resolve, signal = new AbortController().signal) => {
  const records = await resolve(host, signal).catch((cause: unknown) => {
    throw new EgressError('dns', { cause });
  });
  if (records.length === 0 || records.length > maxRecords) throw new EgressError('dns');
  return records;
};

/** The one to connect to, if all may be; IPv4 first, as a function in Lambda may have nothing else. */
export const chooseAddress = (verdicts: readonly AddressVerdict[]): string => {
  const checked = verdicts.filter((verdict): verdict is Checked => verdict.ok);
  const chosen = checked.find(({ family }) => family === 4) ?? checked[0];
  if (!chosen || checked.length < verdicts.length) throw new EgressError('target_not_allowed');
  return chosen.address;
};

const addressOf = async (url: URL, lookup: Lookup) => {
  if (isLoopbackHttp(url, lookup.rules)) return '127.0.0.1';
  const host = hostOf(url);
  const { clock, resolve = systemResolve, outer } = lookup;
  const limitMs = lookup.limits?.dnsMs ?? defaultLimits.dnsMs;
  const ask = (signal: AbortSignal) => recordsOf(host, resolve, signal);
  const records = isIP(host) ? [host] : await within({ clock, limitMs, errorClass: 'dns', outer }, ask);
  return chooseAddress(records.map((record) => checkAddress(record, lookup.rules)));
};

/** Where a URL leads right now, every record checked. @throws EgressError `target_not_allowed`, `dns` */
export const findTarget = async (text: string, lookup: Lookup): Promise<Target> => {
  const verdict = checkUrl(text, lookup.rules);
  if (!verdict.ok) throw new EgressError('target_not_allowed');
  const { url } = verdict;
  return { url, host: hostOf(url), port: portOf(url), address: await addressOf(url, lookup) };
};

/** The check when a URL is stored; `dns` says only that the name could not be looked up now. */
export const checkTarget = async (
  text: string,
  lookup: Lookup,
): Promise<{ ok: true; url: URL } | { ok: false; issue: UrlIssue | 'dns' }> => {
  const verdict = checkUrl(text, lookup.rules);
  if (!verdict.ok) return verdict;
  try {
    await addressOf(verdict.url, lookup);
    return verdict;
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    return { ok: false, issue: error.errorClass === 'dns' ? 'dns' : 'target_not_allowed' };
  }
};
