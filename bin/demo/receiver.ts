import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';

type Received = { id: string; type: string; jobId: string; execution: string | null; isVerified: boolean };

/** Both schemes, each by its own rule: a Standard Webhooks library, and the hex HMAC of the raw body. */
const isVerified = (secret: string, body: string, headers: IncomingHttpHeaders) => {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>);
  } catch {
    return false;
  }
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
  const given = Buffer.from(String(headers['x-planasonix-signature']));
  return given.length === expected.length && timingSafeEqual(given, expected);
};

const received = (secret: string, body: string, headers: IncomingHttpHeaders): Received => {
  const { id, type, data } = JSON.parse(body);
  return {
    id,
    type,
    jobId: data.job_id,
    execution: data.links.execution ?? null,
    isVerified: headers['webhook-id'] === id && isVerified(secret, body, headers),
  };
};

/** A webhook receiver that keeps what came and whether its signatures hold; the secret is told after it listens. */
export const startReceiver = async () => {
  const events = new Map<string, Received>();
  let secret = '';
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const event = received(secret, Buffer.concat(chunks).toString(), request.headers);
    events.set(event.id, event);
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The receiver has no port.');
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    useSecret: (told: string) => {
      secret = told;
    },
    events: () => [...events.values()],
    /** Waits until so many events came, or 60 s. */
    waitFor: async (count: number) => {
      for (let tries = 0; tries < 600 && events.size < count; tries++) await delay(100);
    },
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};
