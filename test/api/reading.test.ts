import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createConnection } from '../../functions/api/connections/create-connection.ts';
import { syncConnection } from '../../functions/api/connections/sync-connection.ts';
import { listJobs } from '../../functions/api/jobs/list-jobs.ts';
import { aConnectionBody } from '../support/builders.ts';
import { testWorld } from '../support/world.ts';

const world = testWorld();
const send = (rawBody: string, over = {}) => world.call(createConnection, { rawBody, ...over });
const valid = JSON.stringify(aConnectionBody());
const withMore = (more: string) => `${valid.slice(0, -1)},${more}}`;

describe('reading a body', () => {
  it.each([
    ['is not JSON', '{'],
    ['is not JSON', '{"a":1,}'],
    ['is not JSON', "{'a':1}"],
    ['is not JSON', `\uFEFF${valid}`],
    ['holds a key twice', withMore('"name":"twice"')],
    ['holds a key twice', withMore('"n\\u0061me":"twice"')],
    ['holds the key __proto__', withMore('"__proto__":{"status":"paused"}')],
    ['holds a lone surrogate', withMore('"x":"\\ud800"')],
    ['holds a number that would be rounded', withMore('"x":12345678901234567890')],
    ['holds a number that would be rounded', withMore('"x":1e999')],
    ['is nested deeper than 32 levels', `${'['.repeat(33)}${']'.repeat(33)}`],
    ['is nested deeper than 32 levels', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ])('A1 A2 A3 400 for a body that %s (%#)', async (issue, body) => {
    const { status, body: answer } = await send(body);

    expect(status).toBe(400);
    expect(answer.error.details).toEqual([{ field: 'body', issue }]);
  });

  it.each(['[]', '1', 'null', '"x"', 'true'])('A1 400 for %s, which is no object', async (body) => {
    const { status, body: answer } = await send(body);

    expect(status).toBe(400);
    expect(answer.error.details[0].field).toBe('body');
  });

  it.each(['id', 'version', 'organization_id', 'created_at', 'constructor', 'prototype'])(
    'A3 400 for the field %s',
    async (field) => {
      const { status, body } = await send(withMore(`${JSON.stringify(field)}:"x"`));

      expect(status).toBe(400);
      expect(body.error.details).toEqual([{ field, issue: 'is not known here' }]);
    },
  );

  it('A2 413 above 256 KiB, 400 for very many keys below it', async () => {
    const large = await send(withMore(`"x":"${'a'.repeat(256 * 1024)}"`));
    const keys = Array.from({ length: 20_000 }, (_, n) => `"k${n}":1`).join();
    const many = await send(`{${keys}}`);

    expect({ status: large.status, code: large.body.error.code }).toEqual({
      status: 413,
      code: 'payload_too_large',
    });
    expect(many.status).toBe(400);
    expect(many.body.error.details).toHaveLength(100);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', 'x'])(
    'A10 415 for the type %s',
    async (type) => {
      const { status, body } = await send(valid, { headers: { 'Content-Type': type } });
      expect({ status, code: body.error.code }).toEqual({ status: 415, code: 'unsupported_media_type' });
    },
  );

  it.each(['application/json', 'Application/JSON; charset=utf-8', 'application/json;charset="UTF-8"'])(
    'A10 201 for the type %s',
    async (type) => {
      expect((await send(valid, { headers: { 'content-type': type } })).status).toBe(201);
    },
  );

  it('A11 a base64 body is the same; one that is not UTF-8 is 400', async () => {
    const base64 = { event: { isBase64Encoded: true } };
    expect((await send(Buffer.from(valid).toString('base64'), base64)).status).toBe(201);
    const { body } = await send(Buffer.from([0x7b, 0xff, 0x7d]).toString('base64'), base64);
    expect(body.error.details).toEqual([{ field: 'body', issue: 'is not UTF-8' }]);
  });

  it('A1 a POST without a body and one with {} are the same', async () => {
    const params = { connectionId: await world.aConnection() };

    expect((await world.call(syncConnection, { params })).status).toBe(202);
    expect((await world.call(syncConnection, { params, body: {} })).status).toBe(202);
    expect((await world.call(syncConnection, { params, rawBody: 'null' })).status).toBe(400);
  });

  it('A10 a GET ignores body and type', async () => {
    const headers = { 'content-type': 'text/plain' };

    expect((await world.call(listJobs, { rawBody: '{', headers })).status).toBe(200);
  });

  it('A8 A3 problems of query, header and body are told together', async () => {
    const { body } = await send('{"nope":1}', {
      query: { more: '1' },
      headers: { 'idempotency-key': 'a b' },
    });

    const fields = body.error.details.map(({ field }: { field: string }) => field);
    expect(fields).toEqual(expect.arrayContaining(['nope', 'more', 'Idempotency-Key', 'name', 'source']));
  });

  it('A3 nothing that is sent changes a prototype or answers 5xx', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 6 }), async (text) => {
        const { status } = await send(text);
        expect(status).toBe(400);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('A5 every name is refused or comes back as it was sent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), async (name) => {
        const { status, body } = await send(JSON.stringify(aConnectionBody({ name })));
        expect([201, 400, 409]).toContain(status);
        if (status === 201) expect(body.data.attributes.name).toBe(name);
      }),
      { numRuns: 60 },
    );
  });
});

describe('reading a time', () => {
  it.each([
    '2030-01-01T00:00:00',
    '2030-01-01',
    '2016-12-31T23:59:60Z',
    '2030-02-30T00:00:00Z',
    '2030-13-01T00:00:00Z',
    '2030-01-01T24:00:00Z',
    '2030-01-01 00:00:00Z',
    '99999-01-01T00:00:00Z',
    'now',
    '',
  ])('A4 400 for %j', async (since) => {
    const { status, body } = await world.call(listJobs, { query: { since } });

    expect(status).toBe(400);
    expect(body.error.details[0].field).toBe('since');
  });

  it.each(['2030-01-01T00:00:00Z', '2030-01-01T02:00:00.123456+02:00', '2028-02-29T23:59:59.999Z'])(
    'A4 200 for %s',
    async (since) => {
      expect((await world.call(listJobs, { query: { since } })).status).toBe(200);
    },
  );
});
