import { ConnectorError, type Warning } from '../connector.ts';
import type { Column, Table } from './catalog.ts';

export type Policy = 'widen' | 'fail' | 'ignore';

/** What would make the destination fit the source's columns. */
export type Drift = { added: Column[]; widened: { from: Column; to: Column }[]; warnings: Warning[] };

const integerOrder = ['smallint', 'integer', 'bigint'];
const floatOrder = ['real', 'double precision'];

type Parsed = { base: string; sizes: number[]; suffix: string };

const parse = (type: string): Parsed => {
  const match = /^([^(]+?)(?:\(([\d,-]+)\))?( with(?:out)? time zone)?(\[\])?$/.exec(type);
  const [, base = type, sizes = '', zone = '', array = ''] = match ?? [];
  return { base, sizes: sizes === '' ? [] : sizes.split(',').map(Number), suffix: zone + array };
};

const isLater = (order: readonly string[], from: string, to: string) =>
  order.includes(from) && order.indexOf(to) > order.indexOf(from);

const numericFits = ([p1 = 0, s1 = 0]: number[], [p2 = 0, s2 = 0]: number[]) =>
  s2 >= s1 && p2 - s2 >= p1 - s1;

const sizesFit = (base: string, from: number[], to: number[]) => {
  if (to.length === 0) return from.length > 0;
  if (from.length === 0) return false;
  return base === 'numeric' ? numericFits(from, to) : (to[0] ?? 0) >= (from[0] ?? 0);
};

/** Whether every value of one type has a place in the other, and the other is not the same. */
const isWider = (from: string, to: string): boolean => {
  const [a, b] = [parse(from), parse(to)];
  if (a.suffix !== b.suffix) return false;
  if (a.base === b.base) return sizesFit(a.base, a.sizes, b.sizes);
  if (isLater(integerOrder, a.base, b.base) || isLater(floatOrder, a.base, b.base)) return true;
  if (integerOrder.includes(a.base) && b.base === 'numeric') return b.sizes.length === 0;
  return b.base === 'text' && a.base === 'character varying';
};

const shown = (type: string) => type.toUpperCase();

const refused = (table: string, message: string, hint: string) =>
  new ConnectorError({
    code: 'schema_changed',
    message,
    class: 'destination',
    retryable: false,
    hint,
    table,
  });

/** Compares the source's columns with what the destination has. @throws ConnectorError where it cannot be mended. */
export const driftOf = (source: Table, destination: Table, policy: Policy): Drift => {
  const name = `${destination.schema}.${destination.table}`;
  const there = new Map(destination.columns.map((column) => [column.name, column]));
  const added = source.columns.filter((column) => !there.has(column.name));
  const widened = source.columns.flatMap((to) => {
    const from = there.get(to.name);
    return from && !holds(from, to) ? [{ from, to }] : [];
  });
  for (const { from, to } of widened) requireWider(name, from, to);
  if (policy === 'ignore') return { added: [], widened: [], warnings: [] };
  const changed = [...added, ...widened.map(({ to }) => to)].map((column) => column.name);
  if (policy === 'fail' && changed.length > 0) {
    const message = `Columns changed at the source: ${changed.join(', ')}.`;
    throw refused(name, message, 'Set schema_change to widen, or change the destination.');
  }
  return { added, widened, warnings: widened.map(({ from, to }) => widenedWarning(from, to)) };
};

/** Whether the destination's column has a place for every value of the source's. */
const holds = (there: Column, column: Column) =>
  there.type === column.type || sameEnum(there, column) || isWider(column.type, there.type);

const requireWider = (table: string, from: Column, to: Column) => {
  if (isWider(from.type, to.type)) return;
  const message = `Column ${to.name} is ${shown(from.type)} at the destination and ${shown(to.type)} at the source.`;
  throw refused(table, message, 'Change the column by hand, or give the table another destination_name.');
};

const sameEnum = (a: Column, b: Column) => a.enum?.name !== undefined && a.enum.name === b.enum?.name;

const widenedWarning = (from: Column, to: Column): Warning => ({
  code: 'column_type_widened',
  message: `Column ${to.name} coerced from ${shown(from.type)} to ${shown(to.type)}`,
});
