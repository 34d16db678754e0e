import { type ClientRequest, type IncomingMessage, request as startRequest } from 'node:http';
import { EgressError, type EgressErrorClass } from './egress-error.ts';
import { excerptOf } from './excerpt.ts';
import type { Pooled } from './pool.ts';
import type { EgressLimits } from './rules.ts';

/** The request could not even be written on a kept socket: the receiver cannot have it, so it may be sent again. */
export class StaleSocket extends EgressError {
  constructor(options: ErrorOptions) {
    super('reset', options);
  }
}

export type Answer = {
  status: number;
  /** At most 1 KB of text, only of a 4xx or 5xx. */
  excerpt?: string;
  /** As it was sent; not judged here. */
  retryAfter?: string;
};

const classes: Readonly<Record<string, EgressErrorClass>> = {
  HPE_HEADER_OVERFLOW: 'too_large',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
};

const translate = (request: ClientRequest, cause: NodeJS.ErrnoException): Error => {
  if (cause instanceof EgressError) return cause;
  if (request.reusedSocket && cause.syscall === 'write') return new StaleSocket({ cause });
  const code = cause.code ?? '';
  const errorClass = classes[code] ?? (code.startsWith('HPE_') ? 'protocol' : 'reset');
  return new EgressError(errorClass, { cause });
};

/** Reads up to the limit and then closes; keeps only what an excerpt may need. */
const readBody = (response: IncomingMessage, limits: EgressLimits) =>
  new Promise<Buffer>((resolve, reject) => {
    let read = 0;
    let kept = Buffer.alloc(0);
    response.on('data', (chunk: Buffer) => {
      read += chunk.length;
      if (kept.length < limits.excerptBytes) kept = Buffer.concat([kept, chunk]);
      if (read < limits.readBytes) return;
      resolve(kept);
      response.destroy();
    });
    response.once('end', () => resolve(kept));
    response.once('error', reject);
    response.once('close', () => response.readableEnded || reject(new EgressError('reset')));
  });

const maxRetryAfter = 64; // an HTTP date has 29 characters

const headOf = (response: IncomingMessage): Answer => {
  const retryAfter = response.headers['retry-after']?.slice(0, maxRetryAfter);
  return { status: response.statusCode ?? 0, ...(retryAfter !== undefined && { retryAfter }) };
};

const answerOf = async (response: IncomingMessage, head: Answer, limits: EgressLimits): Promise<Answer> => {
  const body = await readBody(response, limits);
  if (head.status < 400) return head;
  return { ...head, excerpt: excerptOf(body, limits.excerptBytes, response.headers['content-encoding']) };
};

export type Exchange = {
  limits: EgressLimits;
  signal: AbortSignal;
  /** Called when the head is in; the body may still fail. */
  onHead: (head: Answer) => void;
};

/** One request and its answer over a socket of the pool; never a second request, whatever the answer says. @throws EgressError */
export const exchange = (options: Pooled, body: string | Uint8Array, { limits, signal, onHead }: Exchange) =>
  new Promise<Answer>((resolve, reject) => {
    const request = startRequest({
      ...options,
      method: 'POST',
      setHost: false,
      insecureHTTPParser: false,
      maxHeaderSize: limits.headBytes,
    });
    const fail = (cause: NodeJS.ErrnoException) => reject(translate(request, cause));
    const abort = () => request.destroy();
    signal.addEventListener('abort', abort, { once: true });
    request.on('error', fail);
    request.once('response', (response) => {
      const head = headOf(response);
      onHead(head);
      answerOf(response, head, limits).then(resolve, fail);
    });
    request.once('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new EgressError('protocol'));
    });
    request.once('close', () => signal.removeEventListener('abort', abort));
    request.end(body);
  });
