import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Clock } from '#src/domain/clock.ts';
import { conditionExpression, nameAlias, type Placeholders, placeholders, valueAlias } from './condition.ts';
import { isConflict, outages, translated } from './dynamo-errors.ts';
import { Contended, type Item, type Key, type Query, type Table, type Write } from './table.ts';

type Transaction = NonNullable<TransactWriteCommandInput['TransactItems']>;

/** How often a transaction that met another one is sent in all. */
const attemptsMax = 6;

/** The one table on DynamoDB. Conflicts are repeated here, with jitter, and nowhere else; outages become `dependency_down`. */
export const dynamoTable = (client: DynamoDBDocumentClient, tableName: string, clock: Clock): Table => {
  const write = async (actions: readonly Write[], attempt = 1): Promise<void> => {
    try {
      await send(client, tableName, actions);
    } catch (error) {
      if (!isConflict(error)) throw translated(error);
      if (attempt === attemptsMax) throw new Contended('The items are busy.', { cause: error });
      await clock.sleep(jitterMs(attempt));
      await write(actions, attempt + 1);
    }
  };
  return {
    get: (key) =>
      outages(async () => {
        const { Item } = await client.send(
          new GetCommand({ TableName: tableName, Key: key, ConsistentRead: true }),
        );
        return Item as Item | undefined;
      }),
    getMany: (keys) => outages(() => getMany(client, tableName, keys)),
    query: (query) => outages(() => runQuery(client, tableName, query)),
    write: (actions) => write(actions),
    update: async (action) => {
      try {
        const { Attributes } = await client.send(
          new UpdateCommand({ ...updateOf(tableName, action), ReturnValues: 'ALL_NEW' }),
        );
        return Attributes as Item;
      } catch (error) {
        throw translated(error);
      }
    },
  };
};

const jitterMs = (attempt: number) =>
  (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % (20 * 2 ** attempt);

const send = async (client: DynamoDBDocumentClient, tableName: string, actions: readonly Write[]) => {
  const [only] = actions;
  if (!only) return;
  if (actions.length > 1 || 'check' in only) {
    await client.send(
      new TransactWriteCommand({ TransactItems: actions.map((one) => actionOf(tableName, one)) }),
    );
    return;
  }
  const { Put, Update, Delete } = actionOf(tableName, only);
  if (Put) await client.send(new PutCommand(Put));
  if (Update) await client.send(new UpdateCommand({ ...Update, ReturnValues: 'NONE' }));
  if (Delete) await client.send(new DeleteCommand(Delete));
};

const failing = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;

/** A condition with its placeholders, in the shape that every action takes. */
const withCondition = (tableName: string, condition: Write['if'], into: Placeholders) => {
  const expression = conditionExpression(condition, into);
  return {
    TableName: tableName,
    ...failing,
    ...(expression && { ConditionExpression: expression }),
    ...(Object.keys(into.names).length > 0 && { ExpressionAttributeNames: into.names }),
    ...(Object.keys(into.values).length > 0 && { ExpressionAttributeValues: into.values }),
  };
};

const actionOf = (tableName: string, write: Write): Transaction[number] => {
  if ('put' in write)
    return { Put: { Item: write.put, ...withCondition(tableName, write.if, placeholders()) } };
  if ('update' in write) return { Update: updateOf(tableName, write) };
  if ('delete' in write)
    return { Delete: { Key: write.delete, ...withCondition(tableName, write.if, placeholders()) } };
  const check = withCondition(tableName, write.if, placeholders());
  return {
    ConditionCheck: { Key: write.check, ...check, ConditionExpression: check.ConditionExpression ?? '' },
  };
};

const updateOf = (tableName: string, action: Extract<Write, { update: Key }>) => {
  const into = placeholders();
  const set = Object.entries(action.set ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${nameAlias(into, name)} = ${valueAlias(into, value)}`);
  const add = Object.entries(action.add ?? {}).map(
    ([name, n]) => `${nameAlias(into, name)} ${valueAlias(into, n)}`,
  );
  const remove = (action.remove ?? []).map((name) => nameAlias(into, name));
  const clauses = Object.entries({ SET: set, ADD: add, REMOVE: remove }).filter(
    ([, parts]) => parts.length > 0,
  );
  return {
    Key: action.update,
    UpdateExpression: clauses.map(([verb, parts]) => `${verb} ${parts.join(', ')}`).join(' '),
    ...withCondition(tableName, action.if, into),
  };
};

const getMany = async (client: DynamoDBDocumentClient, tableName: string, keys: readonly Key[]) => {
  const found = new Map<string, Item>();
  let wanted = [...keys];
  while (wanted.length > 0) {
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetCommand({ RequestItems: { [tableName]: { Keys: wanted, ConsistentRead: true } } }),
    );
    for (const item of (Responses?.[tableName] ?? []) as Item[]) found.set(`${item.pk}\n${item.sk}`, item);
    wanted = (UnprocessedKeys?.[tableName]?.Keys ?? []) as Key[];
  }
  return keys.flatMap(({ pk, sk }) => found.get(`${pk}\n${sk}`) ?? []);
};

const hashKeys = { due: 'due_pk' } as const;
const rangeKeys = { due: 'due_at' } as const;

/** Sort keys are printable ASCII. */
const rangeStart = ({ from = ' ' }: Query) => from;
const rangeEnd = ({ to = '~' }: Query) => to;

/** The KeyConditionExpression of a query. */
const keyCondition = (query: Query, into: Placeholders) => {
  const { index, pk, prefix } = query;
  const parts = [`${nameAlias(into, index ? hashKeys[index] : 'pk')} = ${valueAlias(into, pk)}`];
  const range = nameAlias(into, index ? rangeKeys[index] : 'sk');
  if (prefix) parts.push(`begins_with(${range}, ${valueAlias(into, prefix)})`);
  else
    parts.push(
      `${range} BETWEEN ${valueAlias(into, rangeStart(query))} AND ${valueAlias(into, rangeEnd(query))}`,
    );
  return parts.join(' AND ');
};

const runQuery = async (client: DynamoDBDocumentClient, tableName: string, query: Query) => {
  const { index, limit, descending, after } = query;
  if (rangeStart(query) > rangeEnd(query)) return { items: [] }; // DynamoDB refuses a range that is turned round
  const into = placeholders();
  const { Items, LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: tableName,
      KeyConditionExpression: keyCondition(query, into),
      ExpressionAttributeNames: into.names,
      ExpressionAttributeValues: into.values,
      ScanIndexForward: !descending,
      ConsistentRead: !index,
      ...(index && { IndexName: index }),
      ...(limit && { Limit: limit }),
      ...(after && { ExclusiveStartKey: after }),
    }),
  );
  return { items: (Items ?? []) as Item[], ...(LastEvaluatedKey && { next: LastEvaluatedKey as Key }) };
};
