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

/** The stage and a base path show `/api`, a bare domain does not. */
const segmentsOf = (path: string) => path.replace(/^\/api\//, '/').split('/');

const fits = (template: string, path: string) => {
  const segments = segmentsOf(path);
  const wanted = segmentsOf(template);
  return (
    wanted.length === segments.length &&
    wanted.every((part, index) => (part.startsWith('{') ? segments[index] !== '' : part === segments[index]))
  );
};

/** The methods that a path has, in the order of the table; none where no row has the path. */
export const methodsOf = (path: string, routes: readonly Pick<Route, 'method' | 'path'>[]) =>
  routes.filter((route) => fits(route.path, path)).map(({ method }) => method);
