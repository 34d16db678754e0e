import { rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { resolve } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { allEntries, bundleOf } from './entries.ts';

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

/** One esbuild run over every Lambda, SDK included: `<outdir>/<bundle>/index.mjs`. */
export const bundleAll = async (outdir: string): Promise<Metafile> => {
  rmSync(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(allEntries().map((entry) => [`${bundleOf(entry)}/index`, entry])),
    outdir,
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
    plugins: [builtinsByRequire],
  });
  return metafile;
};
