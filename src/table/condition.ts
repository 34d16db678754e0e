import { type Condition, isTest, type Test } from './table.ts';

/** Names and values of one expression, each said once. */
export type Placeholders = { names: Record<string, string>; values: Record<string, unknown> };

export const placeholders = (): Placeholders => ({ names: {}, values: {} });

/** `#n0` for an attribute: aliased always, so that no reserved word can bite. */
export const nameAlias = ({ names }: Placeholders, attribute: string) => {
  const known = Object.entries(names).find(([, name]) => name === attribute)?.[0];
  const alias = known ?? `#n${Object.keys(names).length}`;
  names[alias] = attribute;
  return alias;
};

export const valueAlias = ({ values }: Placeholders, value: unknown) => {
  const alias = `:v${Object.keys(values).length}`;
  values[alias] = value;
  return alias;
};

const expressionOf = (name: string, { op, values }: Test, into: Placeholders) => {
  if (op === 'absent') return `attribute_not_exists(${name})`;
  if (op === 'present') return `attribute_exists(${name})`;
  const aliases = values.map((value) => valueAlias(into, value));
  return op === 'in' ? `${name} IN (${aliases.join(', ')})` : `${name} ${op} ${aliases[0]}`;
};

/** The ConditionExpression of a Condition; undefined where there is none. */
export const conditionExpression = (condition: Condition | undefined, into: Placeholders) => {
  if (!condition) return undefined;
  const parts = Object.entries(condition).map(([attribute, expected]) => {
    const name = nameAlias(into, attribute);
    if (!isTest(expected)) return `${name} = ${valueAlias(into, expected)}`;
    const expression = expressionOf(name, expected, into);
    return expected.orAbsent ? `(attribute_not_exists(${name}) OR ${expression})` : expression;
  });
  return parts.join(' AND ');
};
