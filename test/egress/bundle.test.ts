import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('K10 the client is made of built-in modules and ipaddr.js, under 40 KB', async () => {
  const { metafile } = await build({
    entryPoints: ['src/egress/post.ts'],
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  const packages = Object.keys(metafile.inputs).filter((path) => !path.startsWith('src/'));
  expect(packages).toEqual(['node_modules/ipaddr.js/lib/ipaddr.js']);
  const [output] = Object.values(metafile.outputs);
  expect(new Set(output?.imports.map(({ path }) => path))).toEqual(
    new Set(['node:dns/promises', 'node:http', 'node:net', 'node:timers/promises', 'node:tls']),
  );
  expect(output?.bytes).toBeLessThan(40_000);
});
