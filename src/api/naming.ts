import type { IdKind } from '#src/domain/ids.ts';
import type { Route } from './route.ts';

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `/api/v1/connections/{connectionId}/sync` belongs to `connections`. */
export const resourceOf = ({ path }: Pick<Route, 'path'>) =>
  path
    .replace(/^\/api(\/v\d+)?\//, '')
    .split(/[/.]/, 1)
    .join();

/** `syncConnection` is answered by `functions/api/connections/sync-connection.ts`. */
export const entryOf = (name: string, route: Pick<Route, 'path'>) =>
  `functions/api/${resourceOf(route)}/${kebab(name)}.ts`;

export const paramsOf = (path: string) => [...path.matchAll(/{(\w+)}/g)].map(([, name = '']) => name);

/** `{connectionId}` holds the id of a connection. */
export const idKindOf = (param: string) => param.replace(/Id$/, '') as IdKind;
