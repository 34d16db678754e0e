import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Receiver, startReceiver } from '#test/support/receiver.ts';
import { answer, gzipBomb, huge, inTurn, type Reply, raw } from '#test/support/replies.ts';
import { locally, post } from './setup.ts';

let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());

const to = (reply: Reply, more = {}) => {
  receiver.script(reply);
  return post(receiver.url, locally(more));
};

describe('what is an answer', () => {
  it.each([200, 201, 204, 299, 300, 304, 400, 401, 404, 410, 422, 429, 500, 503])(
    'J4 %i is answered',
    async (status) => {
      expect(await to(answer(status))).toMatchObject({ outcome: 'answered', status });
    },
  );

  it('J4 1xx before 200 is skipped', async () => {
    const early = 'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    expect(await to(inTurn(raw(early), answer(200)))).toMatchObject({ outcome: 'answered', status: 200 });
  });

  it.each([
    'HELLO\r\n\r\n',
    'HTTP/1.1 abc OK\r\n\r\n',
    'HTTP/9.9 200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok',
  ])('J4 %j fails as protocol', async (bytes) => {
    expect(await to(raw(bytes))).toMatchObject({ outcome: 'failed', errorClass: 'protocol' });
  });

  it('J4 101 is not followed into another protocol', async () => {
    const switching = 'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
    expect(await to(raw(switching))).toMatchObject({ outcome: 'failed', errorClass: 'protocol' });
  });

  it('J4 Retry-After is passed on as it was sent', async () => {
    expect(await to(answer(429, { headers: { 'Retry-After': '120' } }))).toMatchObject({ retryAfter: '120' });
  });

  it('J3 the bytes of the request are the bytes that were given', async () => {
    receiver.requests.length = 0;
    receiver.script(answer(200));

    await post(receiver.url, locally(), { body: '{"ü":1.0}', headers: { 'X-One': 'a' } });

    expect(receiver.requests).toEqual([
      `POST /hook HTTP/1.1\r\nHost: 127.0.0.1:${receiver.port}\r\nAccept: */*\r\nAccept-Encoding: identity\r\n` +
        'Connection: keep-alive\r\nContent-Length: 10\r\nX-One: a\r\n\r\n{"Ã¼":1.0}',
    ]);
  });
});

describe('what is kept of an answer', () => {
  it('K9 nothing of the body of a 2xx or 3xx', async () => {
    expect(await to(answer(200, { body: 'secret' }))).not.toHaveProperty('excerpt');
    expect(await to(answer(302, { body: 'secret' }))).not.toHaveProperty('excerpt');
  });

  it('K9 at most 1 KB of a 4xx or 5xx, in whole characters', async () => {
    expect(await to(answer(500, { body: 'out of order' }))).toMatchObject({ excerpt: 'out of order' });
    const long = await to(answer(400, { body: `abc${'é'.repeat(2_000)}` }));
    expect(long).toMatchObject({ status: 400, excerpt: `abc${'é'.repeat(510)}` });
  });

  it('J8 binary is shown without control characters', async () => {
    const body = Buffer.from([0x61, 0x00, 0x1b, 0x5b, 0xff, 0xfe, 0x0a, 0x62, 0x7f]);
    expect(await to(answer(500, { body }))).toMatchObject({ excerpt: 'a[\nb' });
  });

  it('J8 a gzip bomb is not decompressed and not shown', async () => {
    expect(await to(gzipBomb(200))).toMatchObject({ outcome: 'answered', status: 200 });
    expect(await to(gzipBomb(500))).toMatchObject({ outcome: 'answered', status: 500, excerpt: '' });
  });

  it('J8 of a body of 100 MB 64 KB are read, then the socket is closed', async () => {
    const open = receiver.open();
    expect(await to(huge(200, 100_000_000))).toMatchObject({ outcome: 'answered', status: 200 });
    await expect.poll(receiver.open).toBe(open);
  });

  it('J8 a header of 1 MB fails as too large, one of 15 KB does not', async () => {
    const headers = (bytes: number) => ({ headers: { 'X-Long': 'x'.repeat(bytes) } });
    expect(await to(answer(200, headers(1_000_000)))).toMatchObject({ errorClass: 'too_large' });
    expect(await to(answer(200, headers(15_000)))).toMatchObject({ outcome: 'answered' });
    const limits = { headBytes: 1_000 };
    expect(await to(answer(200, headers(1_100)), { limits })).toMatchObject({ errorClass: 'too_large' });
  });

  it('J8 a cookie is not sent back', async () => {
    receiver.requests.length = 0;
    receiver.script(answer(200, { headers: { 'Set-Cookie': 'a=b' } }));
    const options = locally();

    await post(receiver.url, options);
    await post(receiver.url, options);

    expect(receiver.requests.map((request) => /cookie/i.test(request))).toEqual([false, false]);
  });
});

describe('kinds of HTTP', () => {
  it('J9 HTTP/1.0 and a body until close', async () => {
    const reply = inTurn(raw('HTTP/1.0 503 Busy\r\n\r\nlater'), (socket) => socket.end());
    expect(await to(reply)).toMatchObject({ outcome: 'answered', status: 503, excerpt: 'later' });
  });

  it('J9 chunks with trailers', async () => {
    const chunks = 'HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n';
    expect(await to(raw(chunks))).toMatchObject({ outcome: 'answered', status: 500, excerpt: 'abc' });
  });

  it('J9 100-continue before the answer', async () => {
    const reply = inTurn(raw('HTTP/1.1 100 Continue\r\n\r\n'), answer(201));
    expect(await to(reply)).toMatchObject({ outcome: 'answered', status: 201 });
  });

  it('J9 a receiver that only speaks HTTP/2 fails as protocol', async () => {
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    expect(await to(raw(settings))).toMatchObject({ outcome: 'failed', errorClass: 'protocol' });
  });

  it('J9 `Connection: close` is obeyed', async () => {
    const before = receiver.connections();
    receiver.script(answer(200, { headers: { Connection: 'close' } }));
    const options = locally();

    await post(receiver.url, options);
    await post(receiver.url, options);

    expect(receiver.connections() - before).toBe(2);
  });
});

describe('redirects', () => {
  it.each([
    [301, 'http://169.254.169.254/latest/meta-data/'],
    [302, 'file:///etc/passwd'],
    [303, '/second'],
    [307, 'https://127.0.0.1:22/'],
    [308, '//10.0.0.1/'],
  ])('K4 %i to %s is answered and not followed', async (status, Location) => {
    receiver.requests.length = 0;
    const refresh = '<meta http-equiv="refresh" content="0; url=/second">';
    const result = await to(answer(status, { headers: { Location }, body: refresh }));
    expect(result).toEqual({ outcome: 'answered', status, latencyMs: expect.any(Number) });
    expect(receiver.requests).toHaveLength(1);
  });

  it('K4 a redirect to a second hop on the same receiver is not visited', async () => {
    const second = await startReceiver();
    await to(answer(302, { headers: { Location: second.url } }));
    expect(second.connections()).toBe(0);
    await second.close();
  });
});

describe('any bytes at all', () => {
  const line = fc.constantFrom(
    'HTTP/1.1 200 OK',
    'HTTP/1.0 500 X',
    'HTTP/1.1 204',
    'HTTP/1.1 100 Continue',
    'HTTP/2 200',
  );
  const header = fc.constantFrom(
    ...['Content-Length: 5', 'Content-Length: -1', 'Content-Length: 5, 5', 'Transfer-Encoding: chunked'],
    ...[
      'Transfer-Encoding: gzip, chunked',
      'Connection: close',
      'Connection: upgrade',
      'Upgrade: h2c',
      ' folded',
    ],
    ...['Keep-Alive: timeout=0', 'Retry-After: soon', 'X: \u0000', 'no colon'],
  );
  const body = fc.oneof(fc.constantFrom('', 'hello', '5\r\nhello\r\n0\r\n\r\n', 'fff'), fc.string());
  const shaped = fc
    .tuple(line, fc.array(header, { maxLength: 4 }), body)
    .map(([first, headers, text]) => Buffer.from([first, ...headers, '', text].join('\r\n'), 'latin1'));
  const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));

  it('J4 end as an answer or a known failure, and the next call on the pool is not touched by them', async () => {
    const classes = ['protocol', 'reset', 'too_large', 'timeout'];
    await fc.assert(
      fc.asyncProperty(fc.oneof(shaped, noise), async (bytes) => {
        const options = locally({ limits: { totalMs: 1_000 } });
        receiver.script(
          inTurn(raw(bytes), (socket) => socket.end()),
          answer(418),
        );
        const result = await post(receiver.url, options);
        if (result.outcome === 'failed') expect(classes).toContain(result.errorClass);
        else expect(result.status).toBeGreaterThanOrEqual(100);
        const next = await post(receiver.url, options);
        if (next.outcome === 'answered') expect(next.status).toBe(418);
        else expect(next.errorClass).toBe('reset'); // the close crossed the request
      }),
      { numRuns: 150 },
    );
  });
});
