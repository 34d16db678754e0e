import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort, startLocalStack } from '../../bin/demo/local-stack.ts';
import { temporaryState } from '../../bin/demo/temporary-state.ts';

/** Runs schemathesis (its path is the argument) over every operation of a local stack that lives as long as the run. */

const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
];
const secondsMax = 225;

const fuzz = async (schemathesis: string, baseUrl: string, apiKey: string) => {
  const child = spawn(
    schemathesis,
    [
      'run',
      `${baseUrl}/api/v1/openapi.yaml`,
      ...['--url', baseUrl],
      ...['--header', `Authorization: Bearer ${apiKey}`],
      ...['--checks', checks.join(',')],
      ...['--phases', 'examples,coverage,fuzzing'],
      ...['--max-examples', '40'],
      ...['--request-timeout', '35'],
      ...['--seed', '20261123'],
      ...['--suppress-health-check', 'all'],
      '--continue-on-failure',
      '--no-shrink',
    ],
    { stdio: 'inherit', timeout: secondsMax * 1000 },
  );
  const [code] = await once(child, 'exit');
  return code === 0;
};

const run = async (schemathesis: string, state: string) => {
  const port = await freePort();
  const command = [process.execPath, 'bin/local.ts', '--port', `${port}`, '--state', state];
  const stack = await startLocalStack(command, state);
  try {
    return await fuzz(schemathesis, stack.endpoint.base_url, stack.endpoint.api_key);
  } finally {
    await stack.stop();
  }
};

const [schemathesis] = process.argv.slice(2);
if (!schemathesis) throw new Error('Usage: node test/ci/fuzz.ts <path of schemathesis>');
const state = temporaryState();
try {
  if (!(await run(schemathesis, state.path))) process.exitCode = 1;
} finally {
  state.remove();
}
