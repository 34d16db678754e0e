import { createHmac, timingSafeEqual } from 'node:crypto';
import canonicalize from 'canonicalize';
import { Failure } from '#src/domain/failure.ts';
import type { Route } from './route.ts';

/** What a cursor belongs to: it opens nothing else. */
export type CursorScope = {
  organizationId: string;
  route: Pick<Route, 'method' | 'path'>;
  /** Path parameters and query, `limit` and `cursor` left out. */
  filters: Readonly<Record<string, unknown>>;
};

const macBytes = 16;

const macOf = (secret: Buffer, { organizationId, route, filters }: CursorScope, position: string) =>
  createHmac('sha256', secret)
    .update(canonicalize([organizationId, route.method, route.path, filters, position]) ?? '')
    .digest()
    .subarray(0, macBytes);

/** The opaque text of a position in a list. */
export const writeCursor = (secret: Buffer, scope: CursorScope, position: string) =>
  Buffer.concat([macOf(secret, scope, position), Buffer.from(position)]).toString('base64url');

/** The position that `writeCursor` was given, or `invalid_cursor`. */
export const readCursor = (secret: Buffer, scope: CursorScope, cursor: string) => {
  const bytes = Buffer.from(cursor, 'base64url');
  const mac = bytes.subarray(0, macBytes);
  const position = bytes.subarray(macBytes).toString();
  const isOurs =
    bytes.length > macBytes &&
    bytes.toString('base64url') === cursor && // no second spelling of the same bytes
    timingSafeEqual(mac, macOf(secret, scope, position));
  if (!isOurs) throw new Failure('invalid_cursor', 'The cursor is not one of this list with these filters.');
  return position;
};
