import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export type LoopbackServer = {
  /** Opens the port (0 picks a free one) on 127.0.0.1, never on another interface, and gives the base URL. */
  listen(port: number): Promise<string>;
  close(): Promise<void>;
};

export const loopbackServer = (listener: RequestListener): LoopbackServer => {
  const server = createServer({ keepAliveTimeout: 65_000 }, listener);
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
