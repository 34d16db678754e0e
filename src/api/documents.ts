import { entryOf } from './naming.ts';
import { openapi } from './openapi.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';

const heading = `# Routes

Generated from \`src/api/routes.ts\` by \`npm run docs\`; a test fails when it drifts.

| Method | Path | Operation | Scope | Status | File |
|---|---|---|---|---|---|
`;

const rowOf = ([name, route]: [string, Route]) => {
  const scope = typeof route.scope === 'string' ? route.scope : route.scope.join(' or ');
  const cells = [
    route.method,
    `\`${route.path}\``,
    `\`${name}\``,
    scope,
    route.returns[0],
    entryOf(name, route),
  ];
  return `| ${cells.join(' | ')} |`;
};

/** The documents that are made from the route table, by file. */
export const generatedDocs = (): Record<string, string> => ({
  'docs/routes.md': `${heading}${Object.entries<Route>(routes).map(rowOf).join('\n')}\n`,
  'docs/openapi.json': `${JSON.stringify(openapi(), null, 2)}\n`,
});
