import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { entryOf } from '#src/api/naming.ts';
import { routes } from '#src/api/routes.ts';

const root = resolve(import.meta.dirname, '..');
const filesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => posix.join(folder, file));

/** Code without comments: what they say is no import and no call. */
const codeOf = (file: string) =>
  readFileSync(join(root, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '$1');

type Import = { file: string; to: string; isType: boolean };

const importsOf = (file: string): Import[] => {
  const found = codeOf(file).matchAll(
    /(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s)?'([^']+)'|import\(\s*'([^']+)'/g,
  );
  return [...found].map(([, type, from, dynamic]) => ({
    file,
    to: located(file, from ?? dynamic ?? ''),
    isType: type !== undefined,
  }));
};

const located = (file: string, to: string) => {
  if (to.startsWith('#')) return to.slice(1);
  return to.startsWith('.') ? relative(root, resolve(root, dirname(file), to)) : to;
};

const ours = ['bin', 'lib', 'local', 'functions', 'src'].flatMap(filesIn);
const inProduction = [...filesIn('src'), ...filesIn('functions')];
const imports = ours.flatMap(importsOf);

/** What each folder may import of ours; itself always. */
const mayImport: Record<string, string[]> = {
  bin: ['lib', 'local', 'src'],
  local: ['lib', 'src'],
  lib: ['src/api', 'src/domain', 'src/table'],
  functions: ['src'],
  'src/lambda': ['src/api', 'src/domain', 'src/table', 'src/connectors', 'src/egress'],
  'src/api': ['src/domain', 'src/table'],
  'src/domain': ['src/table'],
  'src/connectors': ['src/domain', 'src/table'],
  'src/egress': [],
  'src/table': [],
};

const folderOf = (file: string) => /^src\/[^/]+/.exec(file)?.[0] ?? file.split('/', 1).join();
const isOurs = (to: string) => /^(bin|lib|local|functions|src)\//.test(to);
const isAllowed = ({ file, to }: Import) =>
  !isOurs(to) ||
  folderOf(file) === folderOf(to) ||
  (mayImport[folderOf(file)] ?? []).some((folder) => to.startsWith(`${folder}/`));

/** What goes against the direction, and why. */
const exceptions: Record<string, string> = {
  'src/connectors/postgres/session.ts → src/egress/database-host.ts':
    'Addresses of databases pass the same guard.',
  'src/egress/connect.ts → type src/domain/clock.ts': 'Time is injected everywhere by one type.',
  'src/egress/post.ts → type src/domain/clock.ts': 'Time is injected everywhere by one type.',
  'src/egress/target.ts → type src/domain/clock.ts': 'Time is injected everywhere by one type.',
  'src/egress/within.ts → type src/domain/clock.ts': 'Time is injected everywhere by one type.',
  'src/table/dynamo.ts → type src/domain/clock.ts': 'Time is injected everywhere by one type.',
  'src/egress/database-host.ts → type src/connectors/connector.ts':
    'The guard fits the hook that connectors call.',
  'src/table/dynamo-errors.ts → src/domain/failure.ts':
    'An outage of the table becomes a code of the closed list.',
};

const shown = ({ file, to, isType }: Import) => `${file} → ${isType ? 'type ' : ''}${to}`;

describe('direction', () => {
  it('of imports is one way', () => {
    const against = imports.filter((one) => !isAllowed(one)).map(shown);

    expect(against.toSorted()).toEqual(Object.keys(exceptions).toSorted());
  });

  it('finds imports at all', () => {
    expect(imports.length).toBeGreaterThan(500);
    expect(isAllowed({ file: 'src/table/keys.ts', to: 'src/domain/ids.ts', isType: false })).toBe(false);
  });

  it('nothing leaves the tree by a path, nothing imports a test', () => {
    expect(imports.filter(({ to }) => to.startsWith('..') || to.startsWith('test/')).map(shown)).toEqual([]);
  });
});

const lines = (pattern: RegExp, files: readonly string[], allowed: readonly string[]) =>
  files.filter((file) => !allowed.includes(file) && pattern.test(codeOf(file)));

describe('one door each', () => {
  it('the environment is read in one file, credentials in another', () => {
    expect(
      lines(/\bprocess\.env\b/, inProduction, ['src/lambda/env.ts', 'src/lambda/env-credentials.ts']),
    ).toEqual([]);
  });

  it('the SDK stays in table, lambda and connectors', () => {
    const strangers = imports.filter(
      ({ file, to }) =>
        inProduction.includes(file) &&
        /^@(aws-sdk|smithy)\//.test(to) &&
        !/^src\/(table|lambda|connectors)\//.test(file),
    );

    expect(strangers.map(shown)).toEqual([]);
  });

  it('K10 nothing but src/egress opens a connection of its own', () => {
    const network = /^(node:)?(https?|http2|net|tls|dgram|undici|axios|got)$/;
    const strangers = imports.filter(
      ({ file, to, isType }) =>
        inProduction.includes(file) && network.test(to) && !isType && !file.startsWith('src/egress/'),
    );

    expect(strangers.map(shown)).toEqual([]);
    expect(lines(/(?<![.\w])fetch\(/, inProduction, [])).toEqual([]);
  });

  it('names are resolved in src/egress alone', () => {
    const strangers = imports.filter(
      ({ file, to }) =>
        inProduction.includes(file) && /^(node:)?dns/.test(to) && !file.startsWith('src/egress/'),
    );

    expect(strangers.map(shown)).toEqual([]);
  });

  it('time and chance come in by one file each', () => {
    const clock = /\b(Date\.now|performance\.now|setTimeout|setInterval)\b|\bnew Date\(\)/;

    expect(lines(clock, inProduction, ['src/lambda/clock.ts'])).toEqual([]);
    expect(lines(/\bMath\.random\b/, inProduction, ['src/lambda/random.ts'])).toEqual([]);
  });
});

describe('names', () => {
  it('every row of the route table has its file, and every file its row', () => {
    const rows = Object.entries(routes).map(([name, route]) => entryOf(name, route));
    const files = filesIn('functions/api').filter((file) => file !== 'functions/api/unknown-route.ts');

    expect(files.toSorted()).toEqual(rows.toSorted());
  });

  it('a file is kebab-case, and there is no index.ts', () => {
    const odd = ours.filter((file) => !/^[a-z0-9-]+(\.[a-z]+)*\.ts$/.test(posix.basename(file)));

    expect(odd).toEqual([]);
    expect(ours.filter((file) => posix.basename(file) === 'index.ts')).toEqual([]);
  });
});
