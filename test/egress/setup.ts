import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#src/domain/clock.ts';
import type { Dial } from '#src/egress/connect.ts';
import { createPool } from '#src/egress/pool.ts';
import { type EgressOptions, type PostRequest, postGuarded } from '#src/egress/post.ts';
import { defaultRules } from '#src/egress/rules.ts';
import { pem, type Receiver } from '#test/support/receiver.ts';
import { fakeResolver } from '#test/support/resolver.ts';

export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (delayMs, signal) => sleep(delayMs, undefined, signal && { signal }),
  every: (periodMs, tick) => {
    const timer = setInterval(tick, periodMs);
    return () => clearInterval(timer);
  },
};

export const publicAddress = '93.184.215.14';

/** Dials the receiver whatever was checked, and says that it is what was checked: a public address without the internet. */
export const dialReceiver =
  (receiver: Pick<Receiver, 'port'>, claimed?: string): Dial =>
  (address) => {
    const socket = connect({ host: '127.0.0.1', port: receiver.port });
    Object.defineProperty(socket, 'remoteAddress', { get: () => claimed ?? address });
    return socket;
  };

/** Options as of local mode, with a pool of its own. */
export const locally = (more: Partial<EgressOptions> = {}): EgressOptions => ({
  rules: { ...defaultRules, allowLoopbackHttp: true },
  clock: realClock,
  pool: createPool(),
  ...more,
});

/** Options as on AWS, where the one public name leads to the receiver. */
export const publicly = (receiver: Receiver, more: Partial<EgressOptions> = {}): EgressOptions => ({
  rules: { ...defaultRules, ports: [receiver.port] },
  clock: realClock,
  pool: createPool(),
  resolve: fakeResolver([publicAddress]).resolve,
  dial: dialReceiver(receiver),
  ca: pem('ca'),
  ...more,
});

export const post = (url: string, options: EgressOptions, request: Partial<PostRequest> = {}) =>
  postGuarded(
    { url, headers: { 'Content-Type': 'application/json' }, body: '{"a":1}', partition: 'org_1', ...request },
    options,
  );
