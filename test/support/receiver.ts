import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { Reply } from './replies.ts';

/** A receiver on loopback that answers by script and keeps the raw bytes of what it got (faults.md: RX). */
export type Receiver = {
  port: number;
  /** `http://127.0.0.1:<port>/hook`, or the https name that its certificate is for. */
  url: string;
  /** Each request as it came: head and body, latin1. */
  requests: string[];
  /** Connections accepted so far. */
  connections: () => number;
  /** Connections that are still open. */
  open: () => number;
  /** The replies from here on. */
  script: (...replies: Reply[]) => void;
  close: () => Promise<void>;
};

export const pem = (name: 'ca' | 'key' | 'valid' | 'expired' | 'self-signed') =>
  readFileSync(new URL(`./certs/${name}.pem`, import.meta.url), 'utf8');

export type ReceiverOptions = {
  replies?: readonly Reply[];
  /** Which certificate to show; plain http without. */
  certificate?: 'valid' | 'expired' | 'self-signed';
  tls?: TlsOptions;
  /** What happens to each new TCP connection, before anything else. */
  onConnection?: (socket: Socket) => void;
};

const lengthOf = (head: string) => Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);

/** The first whole request in the bytes, or nothing yet. */
const firstRequest = (bytes: string) => {
  const headEnd = bytes.indexOf('\r\n\r\n') + 4;
  if (headEnd === 3) return undefined;
  const end = headEnd + lengthOf(bytes.slice(0, headEnd));
  return bytes.length >= end ? bytes.slice(0, end) : undefined;
};

const serve = (socket: Socket, requests: string[], next: () => Reply) => {
  let bytes = '';
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.toString('latin1');
    for (let request = firstRequest(bytes); request !== undefined; request = firstRequest(bytes)) {
      bytes = bytes.slice(request.length);
      requests.push(request);
      next()(socket, request);
    }
  });
};

const listen = (server: Server) =>
  new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

const serverOf = ({ certificate, tls }: ReceiverOptions, accept: (socket: Socket) => void) =>
  certificate
    ? createTlsServer({ key: pem('key'), cert: pem(certificate), ...tls }, accept)
    : createServer(accept);

const plainly: Reply = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');

export const startReceiver = async (options: ReceiverOptions = {}): Promise<Receiver> => {
  let replies = [...(options.replies ?? [])];
  let last: Reply = plainly;
  let connections = 0;
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  const next = () => {
    last = replies.shift() ?? last;
    return last;
  };
  const server = serverOf(options, (socket) => {
    socket.on('error', () => undefined);
    serve(socket, requests, next);
  });
  server.on('tlsClientError', () => undefined);
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket.on('error', () => undefined));
    socket.on('close', () => sockets.delete(socket));
    options.onConnection?.(socket);
  });
  const port = await listen(server);
  return {
    port,
    url: `${options.certificate ? 'https://hooks.example.com' : 'http://127.0.0.1'}:${port}/hook`,
    requests,
    connections: () => connections,
    open: () => sockets.size,
    script: (...more) => {
      replies = more;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
};
