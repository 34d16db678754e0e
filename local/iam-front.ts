import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { isAllowed, type Statement, type Wish } from './iam-policy.ts';
import { wishesOf } from './iam-wishes.ts';
import { loopbackServer, readBody } from './loopback-server.ts';

/** Whose statements an access key id stands for, and where rights that were used are noted. */
export type Callers = {
  statementsOf(accessKeyId: string): readonly Statement[] | undefined;
  used(accessKeyId: string, wish: Wish): void;
};

const accessKeyId = ({ headers }: IncomingMessage) =>
  /Credential=([^/]+)\//.exec(String(headers.authorization ?? ''))?.[1] ?? '';

const parsed = (body: Buffer) => {
  try {
    return JSON.parse(body.toString() || '{}');
  } catch {
    return {};
  }
};

const refuse = (response: ServerResponse, message: string) => {
  response.writeHead(400, {
    'content-type': 'application/x-amz-json-1.0',
    'x-amzn-errortype': 'AccessDeniedException',
  });
  response.end(JSON.stringify({ __type: 'AccessDeniedException', message, Message: message }));
};

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

const forward = (incoming: IncomingMessage, body: Buffer, response: ServerResponse, target: string) =>
  new Promise<void>((done, failed) => {
    const { method = 'POST', headers, url = '/' } = incoming;
    const outgoing = httpRequest(`${target}${url}`, { method, headers, agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response).on('finish', done).on('error', failed);
      answer.on('error', failed);
    });
    outgoing.on('error', failed);
    outgoing.end(body);
  });

/**
 * Stands before an engine and lets through what the caller's role allows: a missing grant fails here as it would in the
 * account.
 */
export const iamFront = (service: string, target: string, callers: Callers) =>
  loopbackServer(async (incoming, response) => {
    const body = (await readBody(incoming)) ?? Buffer.alloc(0);
    const caller = accessKeyId(incoming);
    const operation =
      String(incoming.headers['x-amz-target'] ?? '')
        .split('.')
        .at(-1) ?? '';
    const statements = callers.statementsOf(caller) ?? [];
    for (const wish of wishesOf(service, operation, parsed(body), incoming.url ?? '')) {
      if (!isAllowed(statements, wish)) {
        return refuse(
          response,
          `${caller} is not authorized to perform: ${wish.action} on resource: ${wish.resource}`,
        );
      }
      callers.used(caller, wish);
    }
    await forward(incoming, body, response, target);
  });
