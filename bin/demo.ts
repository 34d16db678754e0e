import { parseArgs } from 'node:util';
import { freePort, startLocalStack } from './demo/local-stack.ts';
import { playScenario } from './demo/scenario.ts';
import { printSummary } from './demo/summary.ts';
import { temporaryState } from './demo/temporary-state.ts';

const usage = `npm run demo -- [--rows N] [--state dir]

Starts the stack on a free port, copies two related tables from one Postgres to another, changes rows, copies again, and
checks counts, checksums and webhooks from outside.

  --rows N     rows of both tables together (default 200000, at least 1000)
  --state dir  where the stack keeps its state (default: a temporary folder, removed at the end)
  --help       this text`;

const readArguments = () => {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '200000' },
      state: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const rows = Number(values.rows);
  if (!Number.isInteger(rows) || rows < 1000) throw new Error('--rows takes a whole number from 1000.');
  return { ...values, rows };
};

const demo = async (state: string, rows: number) => {
  const port = await freePort();
  console.log('starting the stack …');
  const command = [process.execPath, 'bin/local.ts', '--port', `${port}`, '--state', state];
  const stack = await startLocalStack(command, state);
  const interrupted = () => {
    stack.stop().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    console.log(`ready at ${stack.endpoint.base_url}`);
    return printSummary(await playScenario(stack.endpoint, rows));
  } finally {
    await stack.stop();
  }
};

const given = readArguments();
if (given.help) console.log(usage);
else {
  const temporary = given.state === undefined ? temporaryState() : undefined;
  try {
    const isGood = await demo(given.state ?? temporary?.path ?? '', given.rows);
    if (!isGood) process.exitCode = 1;
  } finally {
    temporary?.remove();
  }
}
