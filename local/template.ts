import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

export const region = 'eu-west-1';
export const account = '000000000000';

const Resource = z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) });
const Template = z.object({
  Resources: z.record(z.string(), Resource),
  Outputs: z
    .record(z.string(), z.object({ Value: z.unknown(), Export: z.object({ Name: z.unknown() }).optional() }))
    .default({}),
});
const Assets = z.object({
  files: z.record(z.string(), z.object({ source: z.object({ path: z.string() }) })),
});
const Manifest = z.object({
  artifacts: z.record(z.string(), z.object({ type: z.string(), properties: z.looseObject({}).optional() })),
});

/** What stands for a resource locally: its physical id (`Ref`) and its attributes. */
export type Physical = { ref: string; attributes: Record<string, string> };
export type Located = { stack: string; id: string; type: string; properties: Record<string, unknown> };

type Stack = { name: string; template: z.output<typeof Template>; assets: Map<string, string> };

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

const readStack = (folder: string, name: string): Stack => ({
  name,
  template: Template.parse(readJson(join(folder, `${name}.template.json`))),
  assets: new Map(
    Object.entries(Assets.parse(readJson(join(folder, `${name}.assets.json`))).files).map(
      ([hash, { source }]) => [hash, join(folder, source.path)],
    ),
  ),
});

const stackNames = (folder: string) =>
  Object.entries(Manifest.parse(readJson(join(folder, 'manifest.json'))).artifacts)
    .filter(([, { type }]) => type === 'aws:cloudformation:stack')
    .map(([name]) => name);

const pseudo: Readonly<Record<string, string>> = {
  'AWS::Region': region,
  'AWS::AccountId': account,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

type Known = { stacks: readonly Stack[]; physical: (resource: Located) => Physical };

const physicalOf = ({ physical }: Known, stack: Stack, id: string): Physical => {
  const resource = stack.template.Resources[id];
  if (!resource) throw new Error(`${stack.name} has no resource ${id}`);
  return physical({ stack: stack.name, id, type: resource.Type, properties: resource.Properties });
};

const attribute = (known: Known, stack: Stack, [id = '', name = '']: readonly string[]) => {
  const value = physicalOf(known, stack, id).attributes[name];
  if (value === undefined) throw new Error(`Nothing is known of ${stack.name} ${id}.${name}`);
  return value;
};

const reference = (known: Known, stack: Stack, id: string) =>
  pseudo[id] ?? (id === 'AWS::StackName' ? stack.name : physicalOf(known, stack, id).ref);

const imported = (known: Known, name: unknown): unknown => {
  for (const stack of known.stacks) {
    const outputs = Object.values(stack.template.Outputs);
    const output = outputs.find((one) => resolved(known, stack, one.Export?.Name) === name);
    if (output) return resolved(known, stack, output.Value);
  }
  throw new Error(`No stack exports ${name}`);
};

const substituted = (known: Known, stack: Stack, given: unknown) => {
  const [text, values] = Array.isArray(given) ? given : [given, {}];
  return String(text).replace(/\$\{([^!}]+)\}/g, (_, key: string) => {
    if (key in values) return String(resolved(known, stack, values[key]));
    return key.includes('.') ? attribute(known, stack, key.split('.')) : reference(known, stack, key);
  });
};

type Intrinsic = (known: Known, stack: Stack, argument: never) => unknown;

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref: (known, stack, id: string) => reference(known, stack, id),
  'Fn::GetAtt': (known, stack, path: string[] | string) =>
    attribute(known, stack, Array.isArray(path) ? path : path.split('.')),
  'Fn::Join': (known, stack, [glue, parts]: [string, unknown[]]) =>
    (resolved(known, stack, parts) as string[]).join(glue),
  'Fn::Sub': (known, stack, given: unknown) => substituted(known, stack, given),
  'Fn::Select': (known, stack, [index, all]: [number, unknown]) =>
    (resolved(known, stack, all) as unknown[])[Number(index)],
  'Fn::Split': (known, stack, [glue, text]: [string, unknown]) =>
    String(resolved(known, stack, text)).split(glue),
  'Fn::ImportValue': (known, stack, name: unknown) => imported(known, resolved(known, stack, name)),
};

/** A value of a stack's template with every reference in it replaced. */
const resolved = (known: Known, stack: Stack, value: unknown): unknown => {
  if (Array.isArray(value)) return value.map((one) => resolved(known, stack, one));
  if (typeof value !== 'object' || value === null) return value;
  const [[key, argument] = ['', undefined], ...more] = Object.entries(value);
  const intrinsic = more.length === 0 ? intrinsics[key] : undefined;
  if (intrinsic) return intrinsic(known, stack, argument as never);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, resolved(known, stack, one)]));
};

/** The synthesised stacks of a folder, their references resolved to what `physical` says of each resource. */
export const readTemplates = (folder: string, physical: Known['physical']) => {
  const stacks = stackNames(folder).map((name) => readStack(folder, name));
  const known = { stacks, physical };
  return {
    /** Every resource of a type, in all stacks, with resolved properties. */
    all: (type: string): (Located & Physical)[] =>
      stacks.flatMap((stack) =>
        Object.entries(stack.template.Resources)
          .filter(([, resource]) => resource.Type === type)
          .map(([id, { Properties }]) => ({
            stack: stack.name,
            id,
            type,
            properties: resolved(known, stack, Properties) as Record<string, unknown>,
            ...physicalOf(known, stack, id),
          })),
      ),
    /** The folder of an asset by the key of its upload. */
    asset: (key: string) => {
      const hash = key.replace(/\.\w+$/, '');
      const found = stacks.map(({ assets }) => assets.get(hash)).find(Boolean);
      if (!found) throw new Error(`No stack has the asset ${key}`);
      return found;
    },
    output: (name: string): string => {
      const stack = stacks.find(({ template }) => name in template.Outputs);
      if (!stack) throw new Error(`No stack has the output ${name}`);
      return String(resolved(known, stack, stack.template.Outputs[name]?.Value));
    },
  };
};

export type Templates = ReturnType<typeof readTemplates>;
