import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { makeApp } from '#lib/app.ts';
import { bundleAll } from '#lib/bundle.ts';

// biome-ignore lint/suspicious/noExplicitAny: a template is whatever CloudFormation takes
type Json = any;
export type Resource = {
  Type: string;
  Properties: Record<string, Json>;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
};
export type Template = { Resources: Record<string, Resource>; Outputs?: Record<string, Json> };
export type StackName = 'data' | 'workflows' | 'api' | 'ops';
export type Templates = Record<StackName, Template>;

/** All Lambdas bundled once into a folder of its own. */
export const bundled = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'planasonix-stacks-'));
  const outputs = await bundleAll(join(folder, 'bundles'));
  return { folder, outputs, remove: () => rmSync(folder, { recursive: true, force: true }) };
};

type Deploy = { region?: string; account?: string; context?: Record<string, unknown> };
let synths = 0;

/** The templates that a deploy with this context would send; every synth passes the checks of lib/nag.ts or throws. */
export const synthesised = async (
  folder: string,
  { region = 'eu-west-1', account = '', context = {} }: Deploy = {},
): Promise<Templates> => {
  vi.stubEnv('CDK_DEFAULT_REGION', region);
  vi.stubEnv('CDK_DEFAULT_ACCOUNT', account);
  synths += 1;
  const outdir = join(folder, `cdk-${synths}`);
  const { app, stacks } = await makeApp({
    outdir,
    bundles: join(folder, 'bundles'),
    isBundled: true,
    context,
  });
  const assembly = app.synth();
  const entries = Object.entries(stacks).map(([name, stack]) => [
    name,
    assembly.getStackArtifact(stack.artifactId).template,
  ]);
  vi.unstubAllEnvs();
  return Object.fromEntries(entries);
};

/** The resources of a type, by logical id. */
export const ofType = (template: Template, type: string) =>
  Object.entries(template.Resources).filter(([, { Type }]) => Type === type);

/** Every resource of every stack, by stack and logical id. */
export const everything = (templates: Templates) =>
  Object.entries(templates).flatMap(([stack, { Resources }]) =>
    Object.entries(Resources).map(([id, resource]) => ({
      name: `${stack}.${id}`,
      id,
      ...resource,
      Properties: resource.Properties ?? {},
    })),
  );

const bare = (logicalId: string) => logicalId.replace(/[0-9A-F]{8}$/, '');

/** A readable name for what an ARN or a reference points at: `data.Table/index/due`. */
export const nameOf = (value: Json): string => {
  if (typeof value === 'string') return value;
  if (value.Ref) return value.Ref.startsWith('AWS::') ? `<${value.Ref.slice(5)}>` : bare(value.Ref);
  if (value['Fn::GetAtt']) return bare(value['Fn::GetAtt'][0]);
  if (value['Fn::Join']) return value['Fn::Join'][1].map(nameOf).join(value['Fn::Join'][0]);
  const [, stack, logicalId] =
    /-(\w+):ExportsOutput(?:FnGetAtt|Ref)(\w+?)(?:Arn|QueueName)?[0-9A-F]{8}$/.exec(
      value['Fn::ImportValue'] ?? '',
    ) ?? [];
  if (stack && logicalId) return `${stack}.${bare(logicalId)}`;
  throw new Error(`Unknown reference ${JSON.stringify(value)}`);
};
