import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import type { Clock } from '#src/domain/clock.ts';
import { parseAddress } from './address.ts';
import { EgressError } from './egress-error.ts';
import type { EgressLimits } from './rules.ts';
import type { Target } from './target.ts';
import { tlsErrorClass } from './tls-errors.ts';
import { within } from './within.ts';

export type Dial = (address: string, port: number) => Socket;

export type Connecting = {
  clock: Clock;
  limits: EgressLimits;
  outer: AbortSignal;
  ca?: string | undefined;
  dial?: Dial | undefined;
};

const dialDirectly: Dial = (host, port) => connectTcp({ host, port, noDelay: true });

const ready = (socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
    socket.once(event, resolve);
    socket.on('error', reject); // stays: an error between two owners of the socket must not end the process
    socket.once('close', () => reject(new EgressError('reset')));
  });

const openTcp = async (target: Target, { clock, limits, outer, dial = dialDirectly }: Connecting) => {
  const socket = dial(target.address, target.port);
  const limit = { clock, limitMs: limits.connectMs, errorClass: 'timeout', outer } as const;
  await within(limit, (signal) => ready(socket, 'connect', signal)).catch((cause: unknown) => {
    throw cause instanceof EgressError ? cause : new EgressError('connect', { cause });
  });
  const remote = parseAddress(socket.remoteAddress ?? '')?.toString();
  if (remote === target.address) return socket;
  socket.destroy();
  throw new EgressError('target_not_allowed');
};

let standardContext: SecureContext | undefined;

const contextFor = (ca: string | undefined) => {
  if (ca !== undefined) return createSecureContext({ ca, minVersion: 'TLSv1.2' });
  standardContext ??= createSecureContext({ minVersion: 'TLSv1.2' });
  return standardContext;
};

const secure = async (socket: Socket, target: Target, { clock, limits, outer, ca }: Connecting) => {
  const isName = parseAddress(target.host) === undefined; // SNI carries names only
  const secured = connectTls({
    socket,
    host: target.host,
    ...(isName && { servername: target.host }),
    secureContext: contextFor(ca),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: true, // said here, NODE_TLS_REJECT_UNAUTHORIZED has no effect
  });
  const limit = { clock, limitMs: limits.tlsMs, errorClass: 'timeout', outer } as const;
  await within(limit, (signal) => ready(secured, 'secureConnect', signal)).catch((cause: unknown) => {
    secured.destroy();
    throw cause instanceof EgressError ? cause : new EgressError(tlsErrorClass(cause), { cause });
  });
  return secured;
};

/** A socket to the checked address and nowhere else; nothing is written before its far end was compared. @throws EgressError */
export const openSocket = async (target: Target, connecting: Connecting): Promise<Socket> => {
  const socket = await openTcp(target, connecting);
  return target.url.protocol === 'https:' ? secure(socket, target, connecting) : socket;
};
