import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

const never = (what: string) => `() => { throw new Error('${what} is not in our bundles: lib/lean.ts') }`;

/** Modules that no function of ours runs, and what stands for each. Reaching one is an error that names this file. */
const replaced: { file: RegExp; contents: string }[] = [
  {
    // Event streams are for calls such as InvokeWithResponseStream; their set-up runs in every Lambda client.
    file: /@smithy\/core\/dist-es\/submodules\/event-streams\/index\.js$/,
    contents: `export const resolveEventStreamSerdeConfig = (input) => input;
      export const eventStreamSerdeProvider = ${never('The event stream')};
      export class EventStreamSerde { constructor() { (${never('The event stream')})() } }`,
  },
  {
    // Only a Node without crypto takes the JavaScript ones.
    file: /@smithy\/core\/dist-es\/submodules\/checksum\/\w+\/(Sha256|Md5|Crc32)Js\.js$/,
    contents: 'export { Unused as Sha256Js, Unused as Md5Js, Unused as Crc32Js }; class Unused {}',
  },
  {
    // Retries go by the standard strategy; a function whose environment asks for the other one fails.
    file: /@smithy\/core\/dist-es\/submodules\/retry\/util-retry\/AdaptiveRetryStrategy\.js$/,
    contents: `export class AdaptiveRetryStrategy { constructor() { (${never('Adaptive retry')})() } }`,
  },
  {
    // DynamoDB has one endpoint a region; discovery is off unless a client asks for it.
    file: /@aws-sdk\/endpoint-cache\/dist-es\/index\.js$/,
    contents: 'export class EndpointCache {}',
  },
  {
    // A Lambda has neither ~/.aws nor instance metadata: its environment says all.
    file: /@smithy\/core\/dist-es\/submodules\/config\/shared-ini-file-loader\/loadSharedConfigFiles\.js$/,
    contents: `export { CONFIG_PREFIX_SEPARATOR } from './constants';
      export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });`,
  },
  {
    file: /@smithy\/core\/dist-es\/submodules\/config\/config-resolver\/regionConfig\/getInstanceMetadataRegion\.js$/,
    contents: 'export const getInstanceMetadataRegion = async () => undefined;',
  },
];

/** Errors that our code takes apart. The SDK throws every other one by its name and message as well, without its class. */
const errorsWithFields = ['ConditionalCheckFailedException', 'TransactionCanceledException'];

/** The names that a module exports, each a function that throws. */
const unavailable = (source: string, what: string) =>
  [...source.matchAll(/^export (?:const|function) (\w+)/gm)]
    .map(([, name]) => `export const ${name} = unavailable;`)
    .concat(`const unavailable = ${never(what)};`)
    .join('\n');

const withoutErrorClasses = (source: string) =>
  source.replace(/^n\d+_registry\.registerError\((\w+)\$, \w+\);$/gm, (line, name) =>
    errorsWithFields.includes(name) ? line : '',
  );

/** Computed keys keep esbuild from dropping the shapes of operations that nobody calls; a call marked pure lets it. */
const shapesOnDemand = (source: string) =>
  source.replace(/^((?:export )?var \w+\$? = )(\[[^;]*\]);$/gm, '$1/* @__PURE__ */ (() => $2)();');

const nameAndVersion = (source: string) => {
  const { name, version } = JSON.parse(source);
  return JSON.stringify({ name, version });
};

type Edit = { file: RegExp; edit(source: string): string; loader?: 'js' | 'json' };

const edits: Edit[] = [
  {
    file: /@aws-sdk\/client-[\w-]+\/dist-es\/schemas\/schemas_0\.js$/,
    edit: (source) => shapesOnDemand(withoutErrorClasses(source)),
  },
  { file: /@aws-sdk\/client-[\w-]+\/package\.json$/, edit: nameAndVersion, loader: 'json' },
];

const withoutJsonSchema: Edit = {
  file: /zod\/v4\/core\/(to-json-schema|json-schema-processors)\.js$/,
  edit: (source) => unavailable(source, 'JSON Schema'),
};

/** A public route has no table: neither the variable that names it nor a right to it. */
const withoutTable: Edit = {
  file: /src\/lambda\/aws-table\.ts$/,
  edit: (source) => unavailable(source, 'The table'),
};

/** Leaves out of a bundle what no function runs (public: the table; the others: JSON Schema, which OpenAPI is made of); `test/bundles.test.ts` calls real tables from what is left. */
export const lean = ({ isPublic = false } = {}): Plugin => ({
  name: 'lean',
  setup({ onLoad }) {
    for (const { file, contents } of replaced) onLoad({ filter: file }, () => ({ contents }));
    for (const { file, edit, loader = 'js' } of [...edits, isPublic ? withoutTable : withoutJsonSchema])
      onLoad({ filter: file }, async ({ path }) => ({
        contents: edit(await readFile(path, 'utf8')),
        loader,
      }));
  },
});
