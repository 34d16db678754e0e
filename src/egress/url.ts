import { isIP } from 'node:net';
import { checkAddress } from './address.ts';
import type { EgressRules } from './rules.ts';

/** Why a URL is refused, as `details[].issue`; where it points inside, it is always `target_not_allowed`. */
export type UrlIssue =
  | 'invalid_url'
  | 'https_required'
  | 'userinfo_not_allowed'
  | 'port_not_allowed'
  | 'target_not_allowed';

export type UrlVerdict = { ok: true; url: URL } | { ok: false; issue: UrlIssue };

const maxUrlLength = 2048;
const loopbackHosts: readonly string[] = ['127.0.0.1', 'localhost'];

/** The host without the brackets of IPv6. */
export const hostOf = (url: URL) => url.hostname.replace(/^\[(.*)\]$/, '$1');

const defaultPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

export const portOf = (url: URL) => (url.port === '' ? (defaultPorts[url.protocol] ?? 0) : Number(url.port));

export const isLoopbackHttp = (url: URL, rules: EgressRules) =>
  rules.allowLoopbackHttp && url.protocol === 'http:' && loopbackHosts.includes(url.hostname);

const isOwn = (host: string, rules: EgressRules) => rules.ownHosts.some((own) => own.toLowerCase() === host);

const isValidName = (host: string) =>
  host.length <= 253 && host.split('.').every((label) => /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/.test(label));

const hostIssue = (host: string, rules: EgressRules): UrlIssue | undefined => {
  if (isIP(host)) return checkAddress(host, rules).ok ? undefined : 'target_not_allowed';
  if (!isValidName(host)) return 'invalid_url'; // among them the trailing dot, which would slip past lists of names
  const isLocal = host === 'localhost' || host.endsWith('.localhost');
  return isLocal || isOwn(host, rules) ? 'target_not_allowed' : undefined;
};

const urlIssue = (url: URL, rules: EgressRules): UrlIssue | undefined => {
  if (url.username || url.password) return 'userinfo_not_allowed';
  if (isLoopbackHttp(url, rules)) return undefined;
  if (url.protocol !== 'https:') return 'https_required';
  if (!rules.ports.includes(portOf(url))) return 'port_not_allowed';
  return hostIssue(hostOf(url), rules);
};

/** Judges what the WHATWG parser made of the text, never the text: whoever connects uses the same `url`. */
export const checkUrl = (text: string, rules: EgressRules): UrlVerdict => {
  const url = text.length <= maxUrlLength ? URL.parse(text) : null;
  if (!url) return { ok: false, issue: 'invalid_url' };
  const issue = urlIssue(url, rules);
  return issue ? { ok: false, issue } : { ok: true, url };
};
