import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { bundleAll } from '#lib/bundle.ts';

/** What the bundles weigh, and that no API function carries a database client (goals.md 3). */

const apiMaxKb = 330;
const databaseCode = /node_modules\/pg(-[a-z-]+)?\/|src\/connectors\/postgres\//;

const rowsOf = (outputs: Metafile['outputs']) =>
  Object.values(outputs).flatMap(({ entryPoint, bytes, inputs }) =>
    entryPoint === undefined
      ? []
      : [
          {
            entry: entryPoint,
            kb: Math.round(bytes / 1024),
            database: Object.keys(inputs).some((path) => databaseCode.test(path)),
          },
        ],
  );

const outdir = mkdtempSync(join(tmpdir(), 'planasonix-bundles-'));
try {
  const rows = rowsOf(await bundleAll(outdir)).toSorted((a, b) => b.kb - a.kb);
  console.table(rows);
  const api = rows.filter(({ entry }) => entry.startsWith('functions/api/'));
  const largest = Math.max(...api.map(({ kb }) => kb));
  console.log(`${api.length} API functions, the largest ${largest} KB (goal ≤ ${apiMaxKb})`);
  if (largest > apiMaxKb || api.some(({ database }) => database)) process.exitCode = 1;
} finally {
  rmSync(outdir, { recursive: true, force: true });
}
