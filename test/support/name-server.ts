import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';

/** What a name server says of one name: records, another name, a code, or nothing at all. */
export type Zone = Readonly<
  Record<string, { a?: string[]; aaaa?: string[]; cname?: string; code?: number; silent?: boolean }>
>;

const nxdomain = 3;
const types = { a: 1, cname: 5, aaaa: 28 };

const nameOf = (labels: string) =>
  Buffer.concat([
    ...labels.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)])),
    Buffer.of(0),
  ]);

const record = (name: string, type: number, data: Buffer) => {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(1, 2);
  head.writeUInt16BE(data.length, 8); // the time to live before it stays 0: nothing may be kept
  return Buffer.concat([nameOf(name), head, data]);
};

/** The records of a name and of the names that it stands for. */
const recordsFor = (zone: Zone, name: string, type: number): Buffer[] => {
  const { a = [], aaaa = [], cname } = zone[name] ?? {};
  if (cname) return [record(name, types.cname, nameOf(cname)), ...recordsFor(zone, cname, type)];
  const texts = { [types.a]: a, [types.aaaa]: aaaa }[type] ?? [];
  return texts.map((text) => record(name, type, Buffer.from(ipaddr.parse(text).toByteArray())));
};

const question = (query: Buffer) => {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), bytes: query.subarray(12, at + 5) };
};

const replyTo = (zone: Zone, query: Buffer) => {
  const { name, type, bytes } = question(query);
  const entry = zone[name];
  if (entry?.silent) return undefined;
  const records = recordsFor(zone, name, type);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(query.readUInt16BE(0), 0);
  head.writeUInt16BE(0x8580 | (entry ? (entry.code ?? 0) : nxdomain), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([head, bytes, ...records]);
};

/** An authoritative name server on loopback and a resolver that asks only it (faults.md: DNSF). */
export const startNameServer = async (zone: Zone) => {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const reply = replyTo(zone, query);
    if (reply) socket.send(reply, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const resolver = new Resolver({ timeout: 100, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return { resolver, close: () => socket.close() };
};
