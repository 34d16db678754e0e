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

/** The synthesised stacks of a folder, their references resolved to what `physical` says of each resource. */
export const readTemplates = (folder: string, physical: (resource: Located) => Physical) => {
  const stacks = stackNames(folder).map((name) => readStack(folder, name));
  const known = new Map<string, Physical>();
  const physicalOf = (stack: Stack, id: string): Physical => {
    const found = known.get(`${stack.name}/${id}`);
    if (found) return found;
    const resource = stack.template.Resources[id];
    if (!resource) throw new Error(`${stack.name} has no resource ${id}`);
    const made = physical({ stack: stack.name, id, type: resource.Type, properties: resource.Properties });
    known.set(`${stack.name}/${id}`, made);
    return made;
  };
  const imported = (name: string) => {
    for (const stack of stacks) {
      const output = Object.values(stack.template.Outputs).find(
        (one) => resolve(stack, one.Export?.Name) === name,
      );
      if (output) return resolve(stack, output.Value);
    }
    throw new Error(`No stack exports ${name}`);
  };
  const attribute = (stack: Stack, [id = '', name = '']: readonly string[]) => {
    const value = physicalOf(stack, id).attributes[name];
    if (value === undefined) throw new Error(`Nothing is known of ${stack.name} ${id}.${name}`);
    return value;
  };
  const substituted = (stack: Stack, given: unknown) => {
    const [text, values] = Array.isArray(given) ? given : [given, {}];
    return String(text).replace(/\$\{([^!}]+)\}/g, (_, key: string) => {
      if (key in values) return String(resolve(stack, values[key]));
      return key.includes('.') ? attribute(stack, key.split('.')) : String(resolve(stack, { Ref: key }));
    });
  };
  const intrinsics: Record<string, (stack: Stack, value: never) => unknown> = {
    Ref: (stack, id: string) =>
      pseudo[id] ?? (id === 'AWS::StackName' ? stack.name : physicalOf(stack, id).ref),
    'Fn::GetAtt': (stack, path: string[] | string) =>
      attribute(stack, Array.isArray(path) ? path : path.split('.')),
    'Fn::Join': (stack, [glue, parts]: [string, unknown[]]) => (resolve(stack, parts) as string[]).join(glue),
    'Fn::Sub': (stack, given: unknown) => substituted(stack, given),
    'Fn::Select': (stack, [index, list]: [number, unknown]) =>
      (resolve(stack, list) as unknown[])[Number(index)],
    'Fn::Split': (stack, [glue, text]: [string, unknown]) => String(resolve(stack, text)).split(glue),
    'Fn::ImportValue': (stack, name: unknown) => imported(String(resolve(stack, name))),
  };
  const resolve = (stack: Stack, value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((one) => resolve(stack, one));
    if (typeof value !== 'object' || value === null) return value;
    const [[key, argument] = ['', undefined], ...more] = Object.entries(value);
    const intrinsic = more.length === 0 ? intrinsics[key] : undefined;
    if (intrinsic) return intrinsic(stack, argument as never);
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, resolve(stack, one)]));
  };
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
            properties: resolve(stack, Properties) as Record<string, unknown>,
            ...physicalOf(stack, id),
          })),
      ),
    /** The folder of an asset by the key of its upload. */
    asset: (key: string) => {
      const hash = key.replace(/\.\w+$/, '');
      const folder = stacks.map(({ assets }) => assets.get(hash)).find(Boolean);
      if (!folder) throw new Error(`No stack has the asset ${key}`);
      return folder;
    },
    output: (name: string): string => {
      for (const stack of stacks) {
        const output = stack.template.Outputs[name];
        if (output) return String(resolve(stack, output.Value));
      }
      throw new Error(`No stack has the output ${name}`);
    },
  };
};

export type Templates = ReturnType<typeof readTemplates>;
