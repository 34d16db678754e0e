import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { checkAddress } from '#src/egress/address.ts';

const none: { allowedNetworks: string[] } = { allowedNetworks: [] };
const isAllowed = (ip: string, rules = none) => checkAddress(ip, rules).ok;

/** First, last and next door of every range that a socket must not reach. */
const ipv4 = {
  refused: [
    ...['0.0.0.0', '0.255.255.255', '10.0.0.0', '10.255.255.255', '100.64.0.0', '100.127.255.255'],
    ...['127.0.0.0', '127.0.0.1', '127.255.255.255', '169.254.0.0', '169.254.169.254', '169.254.170.2'],
    ...['169.254.170.23', '169.254.255.255', '172.16.0.0', '172.31.255.255', '192.0.0.0', '192.0.0.192'],
    ...['192.0.2.1', '192.88.99.1', '192.168.0.0', '192.168.255.255', '198.18.0.0', '198.19.255.255'],
    ...['198.51.100.7', '203.0.113.7', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.254'],
    ...['255.255.255.255', '100.100.100.200', '168.63.129.16'],
  ],
  open: [
    ...[
      '1.0.0.1',
      '8.8.8.8',
      '9.255.255.255',
      '11.0.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '126.255.255.255',
    ],
    ...['128.0.0.0', '169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.167.255.255'],
    ...['192.169.0.0', '198.17.255.255', '198.20.0.0', '223.255.255.255'],
  ],
};

const ipv6 = {
  refused: [
    ...[
      '::',
      '::1',
      '::2',
      '::7f00:1',
      '::ffff:a9fe:a9fe',
      '::ffff:127.0.0.1',
      '::ffff:10.0.0.1',
      '::808:808',
    ],
    ...['::ffff:0:8.8.8.8', '64:ff9b::a9fe:a9fe', '64:ff9b::8.8.8.8', '64:ff9b:1::1', '100::1', '2001::1'],
    ...['2001:0:4136:e378:8000:63bf:3fff:fdd2', '2001:2::1', '2001:3::1', '2001:4:112::1', '2001:10::1'],
    ...[
      '2001:20::1',
      '2001:30::1',
      '2001:db8::1',
      '2002:a9fe:a9fe::',
      '2002:808:808::1',
      '3fff::1',
      '3fff:fff::1',
    ],
    ...['5f00::1', 'fc00::1', 'fd00:ec2::254', 'fd00:ec2::23', 'fdff::1', 'fe80::1', 'febf::1', 'fec0::1'],
    ...['ff02::1', 'ff0e::1', '4000::1', '1fff::1', 'fe80::1%eth0', '2606:4700::1111%eth0'],
  ],
  open: [
    '2606:4700:4700::1111',
    '2600:1f18::1',
    '2a00:1450:4001:80b::200e',
    '2001:4860:4860::8888',
    '::ffff:8.8.8.8',
  ],
};

describe('K1 addresses of version 4', () => {
  it.each(ipv4.refused)('K1 %s is refused', (ip) => expect(isAllowed(ip)).toBe(false));
  it.each(ipv4.open)('K1 %s is allowed', (ip) => expect(isAllowed(ip)).toBe(true));
});

describe('K2 addresses of version 6', () => {
  it.each(ipv6.refused)('K2 %s is refused', (ip) => expect(isAllowed(ip)).toBe(false));
  it.each(ipv6.open)('K2 %s is allowed', (ip) => expect(isAllowed(ip)).toBe(true));

  it('K2 the answer names the address that a socket uses', () => {
    expect(checkAddress('::FFFF:8.8.8.8', none)).toEqual({ ok: true, address: '8.8.8.8', family: 4 });
    expect(checkAddress('2606:4700:0:0::1111', none)).toEqual({
      ok: true,
      address: '2606:4700::1111',
      family: 6,
    });
  });

  it.each([
    '',
    ' ',
    'localhost',
    '0177.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '8.8.8.8 ',
    '8.8.8.8/32',
    '[::1]',
  ])('K2 %j is no address', (text) => expect(isAllowed(text)).toBe(false));
});

const v4 = fc.oneof(fc.ipV4(), fc.constantFrom(...ipv4.refused, ...ipv4.open));
const wordsOf = (ip: string) =>
  ipaddr.IPv4.parse(ip)
    .toByteArray()
    .map((byte) => byte.toString(16).padStart(2, '0'));
const wordPair = (ip: string) =>
  wordsOf(ip)
    .join('')
    .replace(/^(.{4})/, '$1:');

describe('K2 embeddings of version 4 in version 6', () => {
  it('K2 a mapped address has the verdict of the address inside', () => {
    fc.assert(
      fc.property(v4, fc.constantFrom('::ffff:', '0:0:0:0:0:FFFF:', '::0:ffff:'), (ip, prefix) => {
        expect(isAllowed(`${prefix}${ip}`)).toBe(isAllowed(ip));
        expect(isAllowed(`${prefix}${wordPair(ip)}`)).toBe(isAllowed(ip));
      }),
    );
  });

  it('K2 every other embedding is refused, whatever is inside', () => {
    const embeddings: ((pair: string) => string)[] = [
      (pair) => `::${pair}`,
      (pair) => `::ffff:0:${pair}`,
      (pair) => `64:ff9b::${pair}`,
      (pair) => `64:ff9b:1::${pair}`,
      (pair) => `2002:${pair}::1`,
      (pair) => `2001:0:${pair}::1`,
      (pair) => `2001::${pair}`,
      (pair) => `fe80::5efe:${pair}`,
      (pair) => `fd00:ec2::${pair}`,
    ];
    fc.assert(
      fc.property(v4, fc.constantFrom(...embeddings), (ip, embed) => {
        expect(isAllowed(embed(wordPair(ip)))).toBe(false);
      }),
    );
  });

  it('K2 nothing outside 2000::/3 is allowed but mapped addresses', () => {
    fc.assert(
      fc.property(fc.ipV6(), (ip) => {
        const address = ipaddr.process(ip);
        fc.pre(address.kind() === 'ipv6');
        const global = ((address.toByteArray()[0] ?? 0) & 0xe0) === 0x20;
        if (!global) expect(isAllowed(ip)).toBe(false);
      }),
    );
  });
});

describe('allowed networks', () => {
  const all = { allowedNetworks: ['0.0.0.0/0', '::/0'] };
  const one = { allowedNetworks: ['10.1.0.0/16', 'fd12:3456::/32', '100.64.0.0/10'] };

  it.each(['10.1.0.1', '10.1.255.255', '::ffff:10.1.2.3', 'fd12:3456::1', '100.64.0.1'])(
    'K1 %s inside them is opened',
    (ip) => expect(isAllowed(ip, one)).toBe(true),
  );

  it.each(['10.0.255.255', '10.2.0.0', '192.168.0.1', 'fd12:3457::1', '64:ff9b::a01:1', '2002:a01:1::'])(
    'K1 %s outside them is not',
    (ip) => expect(isAllowed(ip, one)).toBe(false),
  );

  it.each([
    ...[
      '127.0.0.1',
      '::1',
      '169.254.169.254',
      '169.254.170.2',
      'fe80::1',
      'fd00:ec2::254',
      '100.100.100.200',
    ],
    ...[
      '0.0.0.0',
      '::',
      '224.0.0.1',
      '255.255.255.255',
      '240.0.0.1',
      '192.0.2.1',
      '64:ff9b::a00:1',
      '2002:a00:1::',
    ],
  ])('K1 %s is opened by no list', (ip) => expect(isAllowed(ip, all)).toBe(false));
});
