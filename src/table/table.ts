/** The verbs that the system uses on its one table, and how a condition is said. The driver is dynamo.ts. */
export type Key = { pk: string; sk: string };
export type Item = Key & Record<string, unknown>;

const test = Symbol('test');
/** A test of one attribute other than equality with a plain value. */
export type Test = { [test]: true; op: string; values: readonly unknown[]; orAbsent?: boolean };

const of = (op: string, ...values: unknown[]): Test => ({ [test]: true, op, values });
export const isTest = (value: unknown): value is Test =>
  typeof value === 'object' && value !== null && test in value;

export const absent = of('absent');
export const present = of('present');
export const oneOf = (...values: (string | number)[]) => of('in', ...values);
export const below = (value: number | string) => of('<', value);
export const atMost = (value: number | string) => of('<=', value);
/** Holds as well where the attribute does not exist. */
export const orAbsent = (condition: unknown): Test => ({
  ...(isTest(condition) ? condition : of('=', condition)),
  orAbsent: true,
});

/** All must hold: attribute → plain value (equality) or a Test. `{ pk: absent }` means "no such item yet". */
export type Condition = Readonly<Record<string, unknown>>;

/** One action of a transaction. `undefined` in `set` is skipped; `add` adds to a number that may not exist yet. */
export type Write =
  | { put: Item; if?: Condition }
  | {
      update: Key;
      set?: Record<string, unknown>;
      remove?: readonly string[];
      add?: Record<string, number>;
      if?: Condition;
    }
  | { delete: Key; if?: Condition }
  | { check: Key; if: Condition };

/** A condition did not hold and nothing was written. `failed` has the index of each refused action and the item that stood there. */
export class ConditionFailed extends Error {
  override readonly name = 'ConditionFailed';
  readonly failed: ReadonlyMap<number, Item | undefined>;

  constructor(failed: ReadonlyMap<number, Item | undefined>, options?: ErrorOptions) {
    super(`Condition failed at action ${[...failed.keys()].join(', ')}`, options);
    this.failed = failed;
  }
}

/** Another transaction touched the same items, more often than the driver repeats it. Nothing was written. */
export class Contended extends Error {
  override readonly name = 'Contended';
}

/** The sparse index of what the sweeper looks at. */
export type IndexName = 'due';

export type Query = {
  pk: string;
  /** Sort keys that begin with this, or lie in the range [from, to]. */
  prefix?: string;
  from?: string;
  to?: string;
  index?: IndexName;
  limit?: number;
  descending?: boolean;
  /** Continue behind this key, as `next` of the page before gave it. */
  after?: Item | Key;
};

export type Page = { items: Item[]; next?: Key };

export type Table = {
  /** A strong read. */
  get(key: Key): Promise<Item | undefined>;
  /** Strong reads of up to 100 items; absent ones are left out, order is kept. */
  getMany(keys: readonly Key[]): Promise<Item[]>;
  /** Strong on the base table, eventual on an index. */
  query(query: Query): Promise<Page>;
  /**
   * One action is a conditional write, several are one transaction (≤ 100 actions).
   * @throws ConditionFailed, Contended; Failure `dependency_down` when the store cannot be reached.
   */
  write(actions: readonly Write[]): Promise<void>;
  /** One conditional update that answers the item as it is afterwards. */
  update(action: Extract<Write, { update: Key }>): Promise<Item>;
};
