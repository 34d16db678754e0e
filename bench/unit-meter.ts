import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Item, Key } from '#src/table/table.ts';
import { itemBytes } from './item-size.ts';

/** What one action of a call costs: request units of the table, and of its index beside them. */
export type Charge = { call: string; item: string; reads: number; writes: number; index: number };

type Input = Record<string, unknown>;
type Output = { Item?: Item; Items?: Item[]; Responses?: Record<string, Item[]> };
type Action = { verb: string; key: Key };

const writeUnits = (bytes: number) => Math.max(1, Math.ceil(bytes / 1024));
const readUnits = (bytes: number, isStrong: unknown) =>
  Math.max(1, Math.ceil(bytes / 4096)) * (isStrong === true ? 1 : 0.5);

const keyOf = ({ pk, sk }: Key): Key => ({ pk, sk });
const dueOf = (item: Item | undefined) => item?.due_pk && `${item.due_pk} ${item.due_at}`;

/** An index of keys alone: nothing for an entry that stays, one to put or remove it, two to move it. */
const indexUnits = (before: Item | undefined, after: Item | undefined) => {
  const [old, now] = [dueOf(before), dueOf(after)];
  if (old === now) return 0;
  return old && now ? 2 : 1;
};

const actionOf = (verb: string, body: unknown): Action => {
  const { Item: item, Key: key } = body as { Item?: Item; Key?: Key };
  return { verb, key: keyOf((item ?? key) as Key) };
};

/** What a writing call touches; undefined for one that only reads. */
const actionsOf = (call: string, input: Input): Action[] | undefined => {
  if (Array.isArray(input.TransactItems))
    return input.TransactItems.flatMap((one) =>
      Object.entries(one).map(([verb, body]) => actionOf(verb, body)),
    );
  return /^(Put|Update|Delete)/.test(call)
    ? [actionOf(call.replace(/(Item)?Command$/, ''), input)]
    : undefined;
};

/** `ORG#…#JOB#…` and `META` are `JOB META`: what an item is, without whose. */
const nameOf = ({ pk, sk }: Key) => {
  const [, , kind = 'ORG'] = pk.split('#');
  return `${kind} ${/^[A-Z]+/.exec(sk)?.[0] ?? ''}`.trim();
};

const readsOf = (call: string, input: Input, output: Output): Charge[] => {
  const charge = (item: string, reads: number) => ({ call, item, reads, writes: 0, index: 0 });
  if (output.Responses) {
    return Object.values(output.Responses).flatMap((items) =>
      items.map((item) => charge(nameOf(item), readUnits(itemBytes(item), true))),
    );
  }
  if (output.Items) {
    const bytes = output.Items.reduce((sum, item) => sum + itemBytes(item), 0);
    const [first] = output.Items;
    return [charge(first ? nameOf(first) : 'nothing', readUnits(bytes, input.ConsistentRead))];
  }
  const name = nameOf(input.Key as Key);
  return [charge(name, readUnits(itemBytes(output.Item), input.ConsistentRead))];
};

/**
 * Counts on a client what DynamoDB would bill on demand (goals.md 1): 1 KB a write unit of the larger of old and new item,
 * twice in a transaction, checks and refused conditions included; 4 KB a read unit, half where not strong; index `due`
 * apart. `raw` is a client of its own, which is not counted, to see items before and after. One call at a time.
 */
export const unitMeter = (client: DynamoDBDocumentClient, raw: DynamoDBDocumentClient, tableName: string) => {
  const charges: Charge[] = [];
  const look = async (actions: readonly Action[]) => {
    const { Responses } = await raw.send(
      new BatchGetCommand({
        RequestItems: { [tableName]: { Keys: actions.map(({ key }) => key), ConsistentRead: true } },
      }),
    );
    const items = (Responses?.[tableName] ?? []) as Item[];
    return actions.map(({ key }) => items.find(({ pk, sk }) => pk === key.pk && sk === key.sk));
  };
  const chargeWrites = async (call: string, actions: readonly Action[], before: (Item | undefined)[]) => {
    const after = await look(actions);
    const factor = call.startsWith('Transact') ? 2 : 1;
    for (const [index, { verb, key }] of actions.entries()) {
      const bytes = Math.max(itemBytes(before[index]), itemBytes(after[index]));
      charges.push({
        call: factor === 2 ? `Transact ${verb}` : verb,
        item: nameOf(key),
        reads: 0,
        writes: writeUnits(bytes) * factor,
        index: indexUnits(before[index], after[index]),
      });
    }
  };
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const call = String(context.commandName);
      const input = args.input as Input;
      const actions = actionsOf(call, input);
      if (!actions) {
        const result = await next(args);
        charges.push(...readsOf(call.replace(/(Item)?Command$/, ''), input, result.output as Output));
        return result;
      }
      const before = await look(actions);
      try {
        return await next(args);
      } finally {
        await chargeWrites(call, actions, before);
      }
    },
    { step: 'initialize', priority: 'high', name: 'unitMeter' },
  );
  return {
    /** What the work cost, action by action. */
    async during(work: () => Promise<unknown>): Promise<Charge[]> {
      const from = charges.length;
      await work();
      return charges.slice(from);
    },
  };
};

export const totalOf = (charges: readonly Charge[]) => ({
  reads: charges.reduce((sum, { reads }) => sum + reads, 0),
  writes: charges.reduce((sum, { writes, index }) => sum + writes + index, 0),
});
