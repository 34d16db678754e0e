import { connect, createServer } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkAddress } from '#src/egress/address.ts';
import { defaultRules } from '#src/egress/rules.ts';
import { checkUrl } from '#src/egress/url.ts';

const rules = { ...defaultRules, ownHosts: ['api.planasonix.example'] };
const local = { ...rules, allowLoopbackHttp: true };
const issueOf = (text: string, by = rules) => {
  const verdict = checkUrl(text, by);
  return verdict.ok ? undefined : verdict.issue;
};

describe('K5 spellings of a host', () => {
  it.each([
    ...[
      'https://0x7f.1/',
      'https://2130706433/',
      'https://0177.0.0.1/',
      'https://127.1/',
      'https://127.0.1/',
    ],
    ...['https://0x7f000001/', 'https://017700000001/', 'https://127.0.0.1./', 'https://１２７.０.０.１/'],
    ...['https://127。0。0。1/', 'https://127．0．0．1/', 'https://①②⑦.0.0.1/', 'https://%31%32%37.0.0.1/'],
    ...['https://[::ffff:127.0.0.1]/', 'https://[::1]/', 'https://[0:0:0:0:0:0:0:1]/', 'https://[::]/'],
    ...['https://localhost/', 'https://LOCALHOST/', 'https://a.localhost/', 'https://ｌｏｃａｌhost/'],
    ...['https://169.254.169.254/', 'https://2852039166/', 'https://0xa9fea9fe/', 'https://[fd00:ec2::254]/'],
    ...[
      'https:\\\\127.0.0.1\\x',
      'https:127.0.0.1',
      'https:///127.0.0.1/',
      ' https://127.0.0.1/',
      'https://127.\t0.0.1/',
    ],
    ...['https://0/', 'https://10.0.0.1/', 'https://[64:ff9b::a9fe:a9fe]/', 'https://[2002:7f00:1::]/'],
    ...['https://api.planasonix.example/', 'https://API.Planasonix.example:8443/x'],
  ])('K5 %j is target_not_allowed', (text) => expect(issueOf(text)).toBe('target_not_allowed'));

  it.each([
    'https://user@evil.example/',
    'https://user:pass@8.8.8.8/',
    'https://evil.example@127.0.0.1/',
    'https://:p@a.example/',
    'https://a@b@169.254.169.254/',
    'https://169.254.169.254%2f@evil.example/',
  ])('K5 %j has userinfo', (text) => expect(issueOf(text)).toBe('userinfo_not_allowed'));

  it.each([
    ...[
      '',
      'x',
      '//a.example',
      'https://',
      'https://a b/',
      'https://[::1',
      'https://[fe80::1%25eth0]/',
      'https://%2f@/',
    ],
    ...[
      'https://256.0.0.1/',
      'https://1.2.3.4.5/',
      'https://a..b/',
      'https://a.example./',
      'https://localhost./',
    ],
    ...['https://api.planasonix.example./', 'https://*.example/', `https://${'a'.repeat(64)}.example/`],
    ...[
      `https://${'a.'.repeat(127)}example/`,
      `https://a.example/${'x'.repeat(2_048)}`,
      'https://-a.example/',
    ],
  ])('K5 %j is no URL that we call', (text) => expect(issueOf(text)).toBe('invalid_url'));

  it.each([
    ['https://hooks.example.com/a?b=c', 'hooks.example.com'],
    ['https://8.8.8.8:8443/', '8.8.8.8'],
    ['https://134744072/', '8.8.8.8'],
    ['https://[2606:4700:4700::1111]/', '[2606:4700:4700::1111]'],
    ['https://bücher.example/', 'xn--bcher-kva.example'],
    ['https://hooks。example。com/', 'hooks.example.com'],
    ['https://evil.example\\@127.0.0.1/', 'evil.example'],
    ['https://evil.example#@127.0.0.1/', 'evil.example'],
    ['HTTPS://HOOKS.example.com:443', 'hooks.example.com'],
  ])('K5 %j is the host %s', (text, host) => {
    const verdict = checkUrl(text, rules);
    expect(verdict.ok && verdict.url.hostname).toBe(host);
  });
});

/** All ways to write an IPv4 address that some parser takes. */
const spelling = fc
  .tuple(
    fc.oneof(fc.ipV4(), fc.constantFrom('127.0.0.1', '10.0.0.1', '169.254.169.254', '8.8.8.8')),
    fc.integer({ min: 1, max: 4 }),
    fc.array(fc.constantFrom(10, 16, 8), { minLength: 4, maxLength: 4 }),
    fc.constantFrom('', '.'),
    fc.constantFrom('.', '。', '．', '｡'),
    fc.boolean(),
  )
  .map(([ip, parts, bases, trailing, dot, fullWidth]) => {
    const bytes = ip.split('.').map(Number);
    const last = bytes.slice(parts - 1).reduce((sum, byte) => sum * 256 + byte, 0);
    const prefixes: Record<number, string> = { 8: '0', 10: '', 16: '0x' };
    const numbers = [...bytes.slice(0, parts - 1), last].map(
      (number, n) => `${prefixes[bases[n] ?? 10]}${number.toString(bases[n])}`,
    );
    const wide = (text: string) => text.replace(/\d/g, (d) => String.fromCodePoint(0xff10 + Number(d)));
    const host = numbers.join(dot) + trailing;
    return { ip, host: fullWidth ? wide(host) : host };
  });

describe('K5 our verdict is the verdict on the address of the socket', () => {
  it('K5 for every spelling of an IPv4 address', () => {
    fc.assert(
      fc.property(spelling, ({ ip, host }) => {
        expect(checkUrl(`https://${host}/`, rules).ok).toBe(checkAddress(ip, rules).ok);
      }),
    );
  });

  it('K5 for spellings of loopback that a real socket accepts', async () => {
    const server = createServer((socket) => socket.end());
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    for (const host of [
      '127.0.0.1',
      '127.1',
      '0177.0.0.1',
      '0x7f.1',
      '2130706433',
      'localhost',
      '::ffff:127.0.0.1',
    ]) {
      const remote = await new Promise<string>((resolve, reject) => {
        const socket = connect({ host, port }, () => resolve(socket.remoteAddress ?? ''));
        socket.once('error', reject).resume();
      });
      const text = `https://${host.includes(':') ? `[${host}]` : host}/`;
      expect([host, checkUrl(text, rules).ok]).toEqual([host, checkAddress(remote, rules).ok]);
    }
    server.close();
  });
});

describe('K6 ports and schemes', () => {
  it.each([0, 22, 25, 80, 6379, 9001, 65_535])('K6 port %i', (port) =>
    expect(issueOf(`https://a.example:${port}/`)).toBe('port_not_allowed'),
  );

  it.each(['https://a.example:65536/', 'https://a.example:-1/', 'https://a.example:443a/'])('K6 %s', (text) =>
    expect(issueOf(text)).toBe('invalid_url'),
  );

  it.each([
    ...[
      'http://a.example/',
      'ftp://a.example/',
      'gopher://a.example/',
      'file:///etc/passwd',
      'data:text/plain,a',
    ],
    ...[
      'javascript:alert(1)',
      'ws://a.example/',
      'http://a.example:443/',
      'http://127.0.0.1:9001/',
      'http://localhost/',
    ],
  ])('K6 %j wants https', (text) => expect(issueOf(text)).toBe('https_required'));

  it('K6 the ports are a setting', () => {
    expect(issueOf('https://a.example:9443/', { ...rules, ports: [9443] })).toBeUndefined();
    expect(issueOf('https://a.example/', { ...rules, ports: [9443] })).toBe('port_not_allowed');
  });
});

describe('local mode', () => {
  it.each([
    'http://127.0.0.1:3000/hook',
    'http://localhost:3000/',
    'http://127.0.0.1/',
    'http://127.1:3000/',
  ])('K6 %s is the exception', (text) => expect(issueOf(text, local)).toBeUndefined());

  it.each([
    ['http://127.0.0.2:3000/', 'https_required'],
    ['http://[::1]:3000/', 'https_required'],
    ['http://[::ffff:127.0.0.1]:3000/', 'https_required'],
    ['http://localhost.:3000/', 'https_required'],
    ['http://a.localhost:3000/', 'https_required'],
    ['http://10.0.0.1:3000/', 'https_required'],
    ['http://user@127.0.0.1:3000/', 'userinfo_not_allowed'],
    ['https://127.0.0.1/', 'target_not_allowed'],
    ['https://127.0.0.1:3000/', 'port_not_allowed'],
    ['https://localhost:8443/', 'target_not_allowed'],
    ['https://[::1]/', 'target_not_allowed'],
  ])('K6 %s stays refused', (text, issue) => expect(issueOf(text, local)).toBe(issue));
});
