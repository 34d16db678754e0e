import { type Route, type Scope, scopes } from './route.ts';

/** What a scope opens besides itself. */
const implied = (scope: Scope): readonly Scope[] => {
  if (scope === 'admin:organization') return scopes;
  const alsoOpens = scope === 'pipelines:write' ? ['read', 'run'] : scope.endsWith(':write') ? ['read'] : [];
  const [area] = scope.split(':');
  return [scope, ...scopes.filter((other) => alsoOpens.some((verb) => other === `${area}:${verb}`))];
};

const isScope = (text: string): text is Scope => scopes.some((scope) => scope === text);

/** All that these scopes open, implied ones included. */
export const opened = (granted: readonly string[]): ReadonlySet<Scope> =>
  new Set(granted.filter(isScope).flatMap(implied));

/** Whether a caller with these scopes may use the route. */
export const mayUse = (granted: readonly string[], { scope }: Pick<Route, 'scope'>) => {
  if (scope === 'public' || scope === 'any') return true;
  const open = opened(granted);
  return scope.some((one) => open.has(one));
};
