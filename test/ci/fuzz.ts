import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { apiClient } from '../../bin/demo/api-client.ts';
import { type Endpoint, freePort, startLocalStack } from '../../bin/demo/local-stack.ts';
import { temporaryState } from '../../bin/demo/temporary-state.ts';

/** Runs schemathesis (its path is the argument) over every operation of a local stack that lives as long as the run. */

const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
];
const secondsMax = 225;

const table = {
  name: 'public.nothing',
  mode: 'incremental',
  primary_key: ['id'],
  cursor_column: 'updated_at',
} as const;

/** Things that requests can find: a connection and a webhook to ask for, others to change and delete, and a job. */
const makeThings = async (endpoint: Endpoint) => {
  const api = apiClient(endpoint);
  const tables = [{ ...table, primary_key: [...table.primary_key] }];
  const [kept, changed] = [
    await api.createConnection('kept', tables),
    await api.createConnection('changed', tables),
  ];
  const [webhook, changedWebhook] = [
    await api.createWebhook('http://127.0.0.1:9/closed'),
    await api.createWebhook('http://127.0.0.1:9/closed'),
  ];
  const { job } = await api.sync(kept.id);
  await api.ended(job.id);
  return { kept: [kept.id, webhook.id], changed: [changed.id, changedWebhook.id], jobId: job.id };
};

/** The credential comes by --header; a second one beside it is refused, and would hide the rest of the API. */
const configOf = ({ kept, changed, jobId }: Awaited<ReturnType<typeof makeThings>>) => `
[generation]
with-security-parameters = false
[parameters]
"path.connectionId" = "${kept[0]}"
"path.webhookId" = "${kept[1]}"
"path.jobId" = "${jobId}"
[[operations]]
include-method = ["DELETE", "PUT"]
parameters = { "path.connectionId" = "${changed[0]}", "path.webhookId" = "${changed[1]}" }
`;

const fuzz = async (schemathesis: string, { base_url: baseUrl, api_key: key }: Endpoint, config: string) => {
  const child = spawn(
    schemathesis,
    [
      ...['--config-file', config],
      'run',
      `${baseUrl}/api/v1/openapi.yaml`,
      ...['--url', baseUrl],
      ...['--header', `Authorization: Bearer ${key}`],
      ...['--checks', checks.join(',')],
      ...['--phases', 'examples,coverage,fuzzing'],
      ...['--max-examples', '40'],
      ...['--request-timeout', '35'],
      ...['--seed', '20261123'],
      ...['--suppress-health-check', 'all'],
      ...['--warnings', 'off'],
      '--continue-on-failure',
      '--no-shrink',
    ],
    { stdio: 'inherit', timeout: secondsMax * 1000, cwd: dirname(config) },
  );
  const [code] = await once(child, 'exit');
  return code === 0;
};

const run = async (schemathesis: string, state: string) => {
  const port = await freePort();
  // Overlong queries reach the API's own checks, in place of Node's 431.
  const node = [process.execPath, '--max-http-header-size=131072'];
  const stack = await startLocalStack(
    [...node, 'bin/local.ts', '--port', `${port}`, '--state', state],
    state,
  );
  try {
    const config = join(dirname(state), 'schemathesis.toml');
    writeFileSync(config, configOf(await makeThings(stack.endpoint)));
    return await fuzz(schemathesis, stack.endpoint, config);
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
