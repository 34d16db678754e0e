import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loopbackServer } from '#local/loopback-server.ts';

const server = loopbackServer(async (request, response) => {
  if (request.url === '/broken') throw new Error('a mistake of ours');
  response.end('ok');
});
let url: string;
beforeAll(async () => {
  url = await server.listen(0);
});
afterAll(() => server.close());

it('answers 500 for a listener that fails, prints why, and goes on', async () => {
  const print = vi.spyOn(console, 'error').mockImplementation(() => {});

  const broken = await fetch(`${url}/broken`);
  const next = await fetch(url);

  expect([broken.status, await broken.text()]).toEqual([500, '']);
  expect(print).toHaveBeenCalledWith('GET /broken', new Error('a mistake of ours'));
  expect(await next.text()).toBe('ok');
  print.mockRestore();
});

it('listens on 127.0.0.1 only, and refuses a port that is taken', async () => {
  const { port } = new URL(url);

  await expect(fetch(`http://127.0.0.2:${port}`)).rejects.toThrow();
  await expect(loopbackServer(async () => {}).listen(Number(port))).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});
