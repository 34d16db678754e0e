import { rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { resolve } from 'node:path';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { entryOf } from '#src/api/naming.ts';
import type { Route } from '#src/api/route.ts';
import { routes } from '#src/api/routes.ts';
import { allEntries, bundleOf } from './entries.ts';
import { lean } from './lean.ts';

const root = resolve(import.meta.dirname, '..');
const builtins = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

/** Built-ins by `require` load only where they are reached; as imports of an ESM bundle all load at the start. */
const builtinsByRequire: Plugin = {
  name: 'builtins-by-require',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?[a-z0-9_/]+$/ }, ({ path, namespace, kind }) =>
      builtins.has(path) && namespace !== 'builtin' && kind !== 'require-call'
        ? { path, namespace: 'builtin' }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports=require(${JSON.stringify(path.startsWith('node:') ? path : `node:${path}`)})`,
    }));
  },
};

const buildOptions = {
  absWorkingDir: root,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  minify: true,
  metafile: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  mainFields: ['module', 'main'],
  legalComments: 'none',
  logLevel: 'error',
  external: ['pg-native'],
  alias: { '@aws-sdk/credential-provider-node': './src/lambda/env-credentials.ts' },
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
} as const satisfies BuildOptions;

/** Bundles each entry into `<outdir>/<name>/index.mjs`, SDK included, and says what went into it. */
export const bundle = async (entries: readonly string[], outdir: string, leaner = lean()) => {
  const { metafile } = await build({
    ...buildOptions,
    entryPoints: Object.fromEntries(entries.map((entry) => [`${bundleOf(entry)}/index`, entry])),
    outdir,
    plugins: [builtinsByRequire, leaner],
  });
  return metafile.outputs;
};

const isPublic = (entry: string) => publicEntries.includes(entry);
const publicEntries = Object.entries<Route>(routes)
  .filter(([, { scope }]) => scope === 'public')
  .map(([name, route]) => entryOf(name, route));

/** One esbuild run over every Lambda, and one over those that anybody may call. */
export const bundleAll = async (outdir: string): Promise<Metafile['outputs']> => {
  rmSync(outdir, { recursive: true, force: true });
  const outputs = await Promise.all([
    bundle(
      allEntries().filter((entry) => !isPublic(entry)),
      outdir,
    ),
    bundle(publicEntries, outdir, lean({ isPublic: true })),
  ]);
  return Object.assign({}, ...outputs);
};
