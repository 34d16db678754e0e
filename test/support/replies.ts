import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

/** What a receiver does once a whole request is in; the last of a script repeats. */
export type Reply = (socket: Socket, request: string) => unknown;

type Extra = { headers?: Readonly<Record<string, string>>; body?: string | Buffer };

const headOf = (status: number, headers: Readonly<Record<string, string>>) =>
  `HTTP/1.1 ${status} Said\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

const bodiless = (status: number) => status < 200 || status === 204 || status === 304;

export const answer =
  (status: number, { headers = {}, body = '' }: Extra = {}): Reply =>
  (socket) => {
    const length = bodiless(status) ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    socket.write(Buffer.concat([Buffer.from(headOf(status, { ...length, ...headers })), Buffer.from(body)]));
  };

/** These bytes and nothing else. */
export const raw =
  (bytes: string | Buffer): Reply =>
  (socket) =>
    socket.write(bytes);

export const silence: Reply = () => undefined;

export const after =
  (delayMs: number, reply: Reply): Reply =>
  async (socket, request) => {
    await sleep(delayMs, undefined, { ref: false });
    reply(socket, request);
  };

export const inTurn =
  (...replies: Reply[]): Reply =>
  async (socket, request) => {
    for (const reply of replies) await reply(socket, request);
  };

/** A head, and then one byte each `everyMs` for as long as the connection lives. */
export const drip =
  (status: number, everyMs: number): Reply =>
  (socket) => {
    socket.write(headOf(status, { 'Content-Length': '1000000' }));
    const timer = setInterval(() => socket.write('.'), everyMs);
    socket.once('close', () => clearInterval(timer));
  };

/** A body of that many bytes, written as fast as it is taken. */
export const huge =
  (status: number, bytes: number): Reply =>
  (socket) => {
    socket.write(headOf(status, { 'Content-Length': String(bytes) }));
    const chunk = Buffer.alloc(64 * 1024, 'x');
    let left = bytes;
    const write = () => {
      while (left > 0 && !socket.destroyed) {
        left -= chunk.length;
        if (!socket.write(chunk)) return socket.once('drain', write);
      }
      return socket;
    };
    write();
  };

/** 10 MB of zeros in 10 KB of gzip. */
export const gzipBomb = (status: number): Reply =>
  answer(status, { headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(Buffer.alloc(10 * 1024 * 1024)) });

export const reset: Reply = (socket) => socket.resetAndDestroy();

export const halfClose: Reply = (socket) => socket.end();
