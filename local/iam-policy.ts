import * as z from 'zod';
import type { Templates } from './template.ts';

const list = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

const Statement = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Action: list,
  Resource: list.default([]),
  /** An operator that is not here is refused when the stack starts, rather than evaluated wrongly. */
  Condition: z
    .strictObject({ StringEquals: z.record(z.string(), list) })
    .partial()
    .optional(),
});
export type Statement = z.output<typeof Statement>;

const Document = z.object({ Statement: z.array(Statement) });

/** What somebody wants to do; `context` has the request's condition keys. */
export type Wish = { action: string; resource: string; context?: Readonly<Record<string, string>> };

const pattern = (glob: string) =>
  new RegExp(
    `^${glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    'i',
  );

const anyMatches = (globs: readonly string[], text: string) => globs.some((glob) => pattern(glob).test(text));

const holds = ({ Condition }: Statement, { context = {} }: Wish) =>
  Object.entries(Condition?.StringEquals ?? {}).every(([key, values]) => values.includes(context[key] ?? ''));

const applies = (statement: Statement, wish: Wish) =>
  anyMatches(statement.Action, wish.action) &&
  anyMatches(statement.Resource, wish.resource) &&
  holds(statement, wish);

/** IAM's rule: a Deny wins, else one Allow is needed. */
export const isAllowed = (statements: readonly Statement[], wish: Wish) => {
  const relevant = statements.filter((statement) => applies(statement, wish));
  return relevant.length > 0 && relevant.every(({ Effect }) => Effect === 'Allow');
};

const statementsOf = (document: unknown) => Document.parse(document).Statement;

type RoleProperties = { Policies?: { PolicyDocument: unknown }[] };
type PolicyProperties = { Roles?: string[]; PolicyDocument: unknown };

/** The statements of every role of the template, by the role's ARN: inline ones and attached policies. */
export const readRoles = (templates: Templates): Map<string, Statement[]> => {
  const policies = templates
    .all('AWS::IAM::Policy')
    .map(({ properties }) => properties as unknown as PolicyProperties);
  return new Map(
    templates.all('AWS::IAM::Role').map(({ ref, attributes, properties }) => {
      const inline = (properties as RoleProperties).Policies ?? [];
      const attached = policies.filter(({ Roles = [] }) => Roles.includes(ref));
      return [
        attributes.Arn ?? '',
        [...inline, ...attached].flatMap(({ PolicyDocument }) => statementsOf(PolicyDocument)),
      ];
    }),
  );
};
