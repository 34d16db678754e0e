import { expect, it } from 'vitest';
import type { Scope } from '#src/api/route.ts';
import { mayUse, opened } from '#src/api/scopes.ts';

it.each<[string[], Scope[]]>([
  [['connections:write'], ['connections:write', 'connections:read']],
  [['pipelines:write'], ['pipelines:write', 'pipelines:read', 'pipelines:run']],
  [['pipelines:run'], ['pipelines:run']],
  [['connections:read', 'made:up'], ['connections:read']],
  [[], []],
])('%j opens %j and nothing else', (granted, expected) => {
  expect([...opened(granted)].toSorted()).toEqual(expected.toSorted());
});

it('admin:organization opens every scope', () => {
  expect(opened(['admin:organization']).size).toBe(12);
});

it('any of a route’s scopes is enough, and none is not', () => {
  const route = { scope: ['orchestration:write', 'pipelines:run'] as const };
  expect(mayUse(['pipelines:run'], route)).toBe(true);
  expect(mayUse(['orchestration:read'], route)).toBe(false);
  expect(mayUse([], { scope: 'any' })).toBe(true);
});
