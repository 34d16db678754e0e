import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { EgressRules } from './rules.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

export type AddressVerdict = { ok: true; address: string; family: 4 | 6 } | { ok: false };

const refused: AddressVerdict = { ok: false };
const privateRanges: readonly string[] = ['private', 'uniqueLocal', 'carrierGradeNat'];
const globalIpv6 = ipaddr.parseCIDR('2000::/3'); // outside it "unicast" only means that nobody has named the range yet
const metadataNetworks = [
  'fd00:ec2::/32', // Amazon's link-local services over IPv6: instance metadata, time, DNS, pod identity
  '100.100.100.200/32',
  '168.63.129.16/32',
].map((cidr) => ipaddr.parseCIDR(cidr));

const lies = (address: Address, [network, bits]: [Address, number]) =>
  address.kind() === network.kind() && address.match(network, bits);

/** True where the address lies in one of the CIDRs; never for one that speaks of the other family. */
export const liesIn = (address: Address, cidrs: readonly string[]) =>
  cidrs.some((cidr) => lies(address, ipaddr.parseCIDR(cidr)));

/** The address behind a text, unmapped; nothing for anything but the plain forms without a zone. */
export const parseAddress = (ip: string): Address | undefined =>
  isIP(ip) && !ip.includes('%') ? ipaddr.process(ip) : undefined;

/** `public`, `private` (only where a network list opens it), `loopback`, or `never`. */
export const kindOfAddress = (address: Address): 'public' | 'private' | 'loopback' | 'never' => {
  if (metadataNetworks.some((network) => lies(address, network))) return 'never';
  const range = address.range();
  if (range === 'loopback') return 'loopback';
  if (privateRanges.includes(range)) return 'private';
  if (range !== 'unicast') return 'never';
  return address.kind() === 'ipv4' || lies(address, globalIpv6) ? 'public' : 'never';
};

export const allowed = (address: Address): AddressVerdict => ({
  ok: true,
  address: address.toString(),
  family: address.kind() === 'ipv4' ? 4 : 6,
});

/** Judges an address as a socket would use it; the answer's `address` is the one to connect to. */
export const checkAddress = (ip: string, rules: Pick<EgressRules, 'allowedNetworks'>): AddressVerdict => {
  const address = parseAddress(ip);
  if (!address) return refused;
  const kind = kindOfAddress(address);
  if (kind === 'public') return allowed(address);
  return kind === 'private' && liesIn(address, rules.allowedNetworks) ? allowed(address) : refused;
};
