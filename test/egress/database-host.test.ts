import { describe, expect, it } from 'vitest';
import { checkDatabaseHost } from '#src/egress/database-host.ts';
import { fakeResolver } from '#test/support/resolver.ts';

const inside = { allowedNetworks: ['10.1.0.0/16', '203.0.112.0/24'], allowLoopback: false };
const everything = { allowedNetworks: ['0.0.0.0/0', '::/0'], allowLoopback: false };
const local = { allowedNetworks: [], allowLoopback: true };
const refused = { ok: false, errorClass: 'target_not_allowed', reason: 'The target is not allowed.' };

const check = (host: string, network: typeof inside | typeof local, ...records: string[]) =>
  checkDatabaseHost(host, 5432, network, fakeResolver(records).resolve);

describe('hosts of databases', () => {
  it('K1 an address in the networks is the one to connect to', async () => {
    expect(await check('10.1.2.3', inside)).toEqual({ ok: true, address: '10.1.2.3' });
    expect(await check('db.example', inside, '10.1.2.3', '10.1.9.9')).toEqual({
      ok: true,
      address: '10.1.2.3',
    });
    expect(await check('db.example', inside, '203.0.112.9')).toEqual({ ok: true, address: '203.0.112.9' });
    expect(await check('db.example', everything, '8.8.8.8')).toEqual({ ok: true, address: '8.8.8.8' });
  });

  it.each(['10.2.0.1', '8.8.8.8', '192.168.0.1', '127.0.0.1', '169.254.169.254'])(
    'K1 %s outside is refused',
    async (ip) => {
      expect(await check(ip, inside)).toEqual(refused);
      expect(await check('db.example', inside, '10.1.2.3', ip)).toEqual(refused);
    },
  );

  it.each([
    ...[
      '127.0.0.1',
      '::1',
      '::ffff:127.0.0.1',
      '169.254.169.254',
      'fe80::1',
      'fd00:ec2::254',
      '0.0.0.0',
      '::',
    ],
    ...['224.0.0.1', '255.255.255.255', '64:ff9b::a01:1', '2002:a01:1::1', '100.100.100.200'],
  ])('K2 %s is opened by no list', async (ip) => {
    expect(await check(ip, everything)).toEqual(refused);
    expect(await check('db.example', everything, ip)).toEqual(refused);
  });

  it('K1 loopback is for local mode, where it is the only one without a list', async () => {
    expect(await check('localhost', local)).toEqual({ ok: true, address: '127.0.0.1' });
    expect(await check('127.0.0.1', local)).toEqual({ ok: true, address: '127.0.0.1' });
    expect(await check('db.example', local, '::1')).toEqual({ ok: true, address: '::1' });
    expect(await check('10.1.2.3', local)).toEqual(refused);
    expect(await check('169.254.169.254', local)).toEqual(refused);
  });

  it('K3 a name that changes is judged by the answer that is connected to', async () => {
    const { resolve, asked } = fakeResolver(['10.1.2.3'], ['127.0.0.1']);
    expect(await checkDatabaseHost('db.example', 5432, inside, resolve)).toEqual({
      ok: true,
      address: '10.1.2.3',
    });
    expect(await checkDatabaseHost('db.example', 5432, inside, resolve)).toEqual(refused);
    expect(asked).toHaveLength(2);
  });

  it('K7 a name that does not answer', async () => {
    const unresolved = {
      ok: false,
      errorClass: 'dns',
      reason: 'The name of the host could not be resolved.',
    };
    expect(await check('db.example', inside)).toEqual(unresolved);
    expect(await checkDatabaseHost('db.example', 5432, inside, fakeResolver('SERVFAIL').resolve)).toEqual(
      unresolved,
    );
  });

  it.each([0, -1, 65_536, 1.5, Number.NaN])('K6 port %d', async (port) => {
    expect(await checkDatabaseHost('10.1.2.3', port, inside)).toEqual(refused);
  });
});
