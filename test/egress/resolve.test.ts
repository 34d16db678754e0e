import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Resolve, resolveBy } from '#src/egress/resolve.ts';
import { defaultRules } from '#src/egress/rules.ts';
import { checkTarget } from '#src/egress/target.ts';
import { startNameServer } from '#test/support/name-server.ts';
import { realClock } from './setup.ts';

const zone = {
  'both.example': { a: ['8.8.8.8', '8.8.4.4'], aaaa: ['2606:4700::1111'] },
  'four.example': { a: ['8.8.8.8'] },
  'six.example': { aaaa: ['2606:4700::1111'] },
  'empty.example': {},
  'alias.example': { cname: 'four.example' },
  'inside.example': { cname: 'chain.example' },
  'chain.example': { cname: 'db.internal' },
  'db.internal': { a: ['10.0.0.7'] },
  'mixed.example': { a: ['8.8.8.8'], aaaa: ['fd00::1'] },
  'broken.example': { code: 2 },
  'silent.example': { silent: true },
};

let server: Awaited<ReturnType<typeof startNameServer>>;
let resolve: Resolve;
beforeAll(async () => {
  server = await startNameServer(zone);
  resolve = resolveBy(server.resolver);
});
afterAll(() => server.close());

const ask = (name: string) => resolve(name, new AbortController().signal);
const check = (host: string) =>
  checkTarget(`https://${host}/`, { rules: defaultRules, clock: realClock, resolve });

describe('the name servers themselves', () => {
  it.each([
    ['both.example', ['8.8.8.8', '8.8.4.4', '2606:4700::1111']],
    ['four.example', ['8.8.8.8']],
    ['six.example', ['2606:4700::1111']],
    ['alias.example', ['8.8.8.8']],
    ['inside.example', ['10.0.0.7']],
    ['empty.example', []],
    ['unknown.example', []],
  ])('K7 %s answers %j', async (name, records) => expect(await ask(name)).toEqual(records));

  it.each(['broken.example', 'silent.example'])('K7 %s fails', async (name) => {
    await expect(ask(name)).rejects.toThrow();
    expect(await check(name)).toEqual({ ok: false, issue: 'dns' });
  });

  it('K3 a chain of names to the inside, and a mixed answer, are refused', async () => {
    expect(await check('alias.example')).toMatchObject({ ok: true });
    expect(await check('inside.example')).toEqual({ ok: false, issue: 'target_not_allowed' });
    expect(await check('mixed.example')).toEqual({ ok: false, issue: 'target_not_allowed' });
  });
});
