import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createApiGateway } from './api-gateway.ts';
import { createTables } from './create-table.ts';
import { runCustomResources } from './custom-resources.ts';
import { startDynamo } from './dynamo.ts';
import type { LogLine } from './lambda-host.ts';
import { physicalIn } from './physical.ts';
import { freePort } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { startQueues } from './queues.ts';
import { synthesise } from './synth.ts';
import { readTemplates, region, type Templates } from './template.ts';
import { closers, wire } from './wire.ts';

export type StackOptions = {
  port: number;
  state: string;
  onLog: (line: LogLine) => void;
  onStep: (step: string) => void;
};

/**
 * The synthesised stacks on local engines: what is not wired in CDK does not work here either.
 * @returns when everything answers and the organizations are made
 */
export const startStack = async ({ port, state, onLog, onStep }: StackOptions) => {
  const running = closers();
  try {
    const isFirst = !existsSync(join(state, 'table.db'));
    onStep('synthesising the stacks');
    const [folder, postgres, dynamo, queuePort] = await Promise.all([
      synthesise(),
      startPostgres(state),
      startDynamo(join(state, 'table.db')),
      freePort(),
    ]);
    running.add(() => postgres.stop());
    running.add(() => dynamo.process.kill());
    onStep('starting the engines');
    const queueEndpoint = `http://127.0.0.1:${queuePort}`;
    const templates = readTemplates(folder, physicalIn({ queueEndpoint }));
    const queues = await startQueues(queuePort);
    running.add(() => queues.close());
    await createTables(templates, dynamo.endpoint, region);
    const wired = await wire(
      templates,
      { state, onLog, dynamo: dynamo.endpoint, queues: queueEndpoint },
      running,
    );
    onStep('making the organizations');
    await runCustomResources(templates, wired.invoke, { isFirst });
    const gateway = createApiGateway({ body: bodyOf(templates), stage: 'api', invoke: wired.invoke });
    const base_url = await gateway.listen(port);
    running.add(() => gateway.close());
    wired.scheduler.start();
    await wired.sweepAll();
    const { source_url, destination_url } = postgres;
    return {
      endpoint: { base_url, ...wired.adminKey(), postgres: { source_url, destination_url } },
      close: running.close,
    };
  } catch (error) {
    await running.close();
    throw error;
  }
};

const bodyOf = (templates: Templates) => templates.all('AWS::ApiGateway::RestApi')[0]?.properties.Body;
