import { isIP } from 'node:net';
import type { Network } from '#src/connectors/connector.ts';
import { type AddressVerdict, allowed, kindOfAddress, liesIn, parseAddress } from './address.ts';
import { EgressError } from './egress-error.ts';
import { type Resolve, systemResolve } from './resolve.ts';
import { chooseAddress, recordsOf } from './target.ts';

export type DatabaseHostVerdict =
  | { ok: true; address: string }
  | { ok: false; errorClass: 'target_not_allowed' | 'dns'; reason: string };

const checkDatabaseAddress = (ip: string, network: Network): AddressVerdict => {
  const address = parseAddress(ip);
  if (!address) return { ok: false };
  const kind = kindOfAddress(address);
  if (kind === 'loopback') return network.allowLoopback ? allowed(address) : { ok: false };
  return kind !== 'never' && liesIn(address, network.allowedNetworks) ? allowed(address) : { ok: false };
};

const isPort = (port: number) => Number.isInteger(port) && port >= 1 && port <= 65_535;

/** The address to open a database connection to: all records of the host must lie in the allowed networks. */
export const checkDatabaseHost = async (
  host: string,
  port: number,
  network: Network,
  resolve: Resolve = systemResolve,
): Promise<DatabaseHostVerdict> => {
  try {
    if (!isPort(port)) throw new EgressError('target_not_allowed');
    const literal = network.allowLoopback && host === 'localhost' ? '127.0.0.1' : host;
    const records = isIP(literal) ? [literal] : await recordsOf(host, resolve);
    return {
      ok: true,
      address: chooseAddress(records.map((record) => checkDatabaseAddress(record, network))),
    };
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    const errorClass = error.errorClass === 'dns' ? 'dns' : 'target_not_allowed';
    return { ok: false, errorClass, reason: error.message };
  }
};
