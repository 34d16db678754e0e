import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The receiver of bench/deliveries.ts, in a process of its own so that its work is not counted as the client's. */
let connections = 0;
const server = createServer((request, response) => {
  if (request.url === '/connections') return response.end(String(connections));
  return request.resume().on('end', () => response.end('ok'));
});
server.on('connection', () => {
  connections += 1;
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
