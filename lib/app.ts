import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { App, Aspects } from 'aws-cdk-lib';
import { ApiStack } from './api-stack.ts';
import { bundleAll } from './bundle.ts';
import { DataStack } from './data-stack.ts';
import { addChecks } from './nag.ts';
import { OpsStack } from './ops-stack.ts';
import { RolesOf } from './roles.ts';
import { readStage } from './stage.ts';
import { WorkflowsStack } from './workflows-stack.ts';

const flags = {
  '@aws-cdk/core:enablePartitionLiterals': true,
  '@aws-cdk/core:validateAgainstDefaultRules': true,
  '@aws-cdk/aws-iam:minimizePolicies': true,
  '@aws-cdk/aws-lambda:useCdkManagedLogGroup': true,
  '@aws-cdk/aws-apigateway:disableCloudWatchRole': true,
  '@aws-cdk/core:target-partitions': ['aws', 'aws-us-gov', 'aws-cn'],
};

export type AppOptions = {
  outdir?: string;
  bundles?: string;
  /** The folder `bundles` is filled already. */
  isBundled?: boolean;
  context?: Record<string, unknown>;
};

/** The app with its four stacks, bundled and ready to synthesise; references go data → workflows → api → ops. */
export const makeApp = async ({
  outdir = 'cdk.out',
  bundles = resolve('dist'),
  isBundled = false,
  context = {},
}: AppOptions = {}) => {
  const app = new App({
    outdir,
    context: { ...flags, ...context },
    analyticsReporting: false,
    builtinCloudFormationValidation: false, // lib/nag.ts adds it, so that its findings fail
  });
  const stage = readStage(app.node);
  Aspects.of(app).add(new RolesOf(stage));
  if (!isBundled) await bundleAll(bundles);
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region = 'eu-west-1' } = process.env;
  const common = { stage, bundles, env: { region, ...(account && { account }) } };
  const data = new DataStack(app, `${stage.prefix}-data`, common);
  const workflows = new WorkflowsStack(app, `${stage.prefix}-workflows`, { ...common, data });
  const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../package.json'), 'utf8'));
  const api = new ApiStack(app, `${stage.prefix}-api`, { ...common, data, workflows, version });
  const ops = new OpsStack(app, `${stage.prefix}-ops`, { ...common, workflows, api });
  addChecks(app, stage);
  return { app, stage, stacks: { data, workflows, api, ops } };
};
