import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type LoopbackServer = {
  /** Opens the port (0 picks a free one) on 127.0.0.1, never on another interface, and gives the base URL. */
  listen(port: number): Promise<string>;
  close(): Promise<void>;
};

type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A listener that fails costs its own request only: the cause is printed and the caller gets a 500. */
export const loopbackServer = (listener: Listener): LoopbackServer => {
  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    listener(request, response).catch((error) => {
      console.error(`${request.method} ${request.url}`, error);
      if (!response.headersSent) response.statusCode = 500;
      response.end();
    });
  });
  return {
    listen: (port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', () => {
          resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** The whole body; beyond `limitBytes` it is read to its end and dropped, and the answer is null. */
export const readBody = async (request: IncomingMessage, limitBytes = Number.POSITIVE_INFINITY) => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= limitBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size > limitBytes ? null : Buffer.concat(chunks);
};
