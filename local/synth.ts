import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const sources = [
  'lib/**/*.ts',
  'src/**/*.ts',
  'functions/**/*.ts',
  'statemachines/*',
  'bin/app.ts',
  'package-lock.json',
];

const hashOfSources = () => {
  const hash = createHash('sha256').update(process.version);
  for (const file of sources.flatMap((pattern) => globSync(pattern, { cwd: root })).toSorted()) {
    hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex').slice(0, 16);
};

const run = (outdir: string) =>
  new Promise<void>((done, failed) => {
    const env = {
      ...process.env,
      CDK_OUTDIR: outdir,
      BUNDLES: `${outdir}-bundles`,
      CDK_DEFAULT_REGION: 'eu-west-1',
    };
    const child = spawn(process.execPath, ['bin/app.ts'], {
      cwd: root,
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    child.on('error', failed);
    child.on('exit', (code) =>
      code === 0 ? done() : failed(new Error(`The synth failed with exit code ${code}.`)),
    );
  });

/** The folder of the synthesised app: made anew only where a source has changed. */
export const synthesise = async (): Promise<string> => {
  const cache = join(root, 'node_modules/.cache/planasonix');
  const folder = join(cache, hashOfSources());
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const making = `${folder}-${process.pid}`;
  await run(making);
  rmSync(`${making}-bundles`, { recursive: true, force: true });
  if (existsSync(folder)) rmSync(making, { recursive: true, force: true });
  else renameSync(making, folder);
  return folder;
};
