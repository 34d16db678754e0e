import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itemBytes } from '#bench/item-size.ts';
import { totalOf, unitMeter } from '#bench/unit-meter.ts';
import { absent, type Table } from '#src/table/table.ts';
import { startTable } from '#test/support/dynamo.ts';

let started: Awaited<ReturnType<typeof startTable>>;
let table: Table;
let meter: ReturnType<typeof unitMeter>;
let raw: DynamoDBClient;

beforeAll(async () => {
  started = await startTable();
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  raw = new DynamoDBClient({ endpoint: started.endpoint, region: 'eu-west-1', credentials });
  meter = unitMeter(started.client, DynamoDBDocumentClient.from(raw), started.tableName);
  table = started.table;
});
afterAll(async () => {
  raw.destroy();
  await started.stop();
});

const key = (sk: string) => ({ pk: 'ORG#o#JOB#j', sk });
const filled = (bytes: number) => ({ text: 'x'.repeat(bytes) });
const due = (at: string) => ({ due_pk: 'DUE#1', due_at: at });
const cost = async (work: () => Promise<unknown>) => totalOf(await meter.during(work));

describe('the bytes of an item', () => {
  it.each([
    [{ pk: 'ab', sk: 'ü' }, 8],
    [{ n: 1_234_500 }, 5],
    [{ n: -7 }, 4],
    [{ yes: true, nothing: null }, 12],
    [{ list: ['a', 'bc'] }, 12],
    [{ map: { k: 'v' } }, 9],
  ])('%j has %i', (item, bytes) => {
    expect(itemBytes(item)).toBe(bytes);
  });
});

describe('write units', () => {
  it('a small put is 1, one over a kilobyte 2', async () => {
    expect(await cost(() => table.write([{ put: { ...key('A') } }]))).toEqual({ reads: 0, writes: 1 });
    expect(await cost(() => table.write([{ put: { ...key('B'), ...filled(1024) } }]))).toEqual({
      reads: 0,
      writes: 2,
    });
  });

  it('counts the larger of the old and the new item', async () => {
    await table.write([{ put: { ...key('C'), ...filled(2100) } }]);

    const shrunk = await cost(() => table.write([{ update: key('C'), set: { text: 'x' } }]));
    const deleted = await cost(() => table.write([{ delete: key('C') }]));

    expect(shrunk.writes).toBe(3);
    expect(deleted.writes).toBe(1);
  });

  it('counts twice in a transaction, checks included', async () => {
    const charges = await meter.during(() =>
      table.write([{ put: key('D') }, { put: key('E') }, { check: key('F'), if: { pk: absent } }]),
    );

    expect(charges.map(({ call, writes }) => [call, writes])).toEqual([
      ['Transact Put', 2],
      ['Transact Put', 2],
      ['Transact ConditionCheck', 2],
    ]);
  });

  it('counts a refused condition like a write', async () => {
    await table.write([{ put: key('G') }]);
    const again = () => table.write([{ put: key('G'), if: { pk: absent } }]).catch(() => undefined);

    expect((await cost(again)).writes).toBe(1);
  });

  it('counts an index entry that comes, moves, stays and goes', async () => {
    const steps = [
      () => table.write([{ put: { ...key('H'), ...due('1') } }]),
      () => table.write([{ update: key('H'), set: due('2') }]),
      () => table.write([{ update: key('H'), set: { text: 'x' } }]),
      () => table.write([{ update: key('H'), remove: ['due_pk', 'due_at'] }]),
    ];

    const index: number[] = [];
    for (const step of steps) index.push((await meter.during(step)).reduce((sum, one) => sum + one.index, 0));

    expect(index).toEqual([1, 2, 0, 1]);
  });
});

describe('read units', () => {
  it('a strong read is 1 for each 4 KB, also of nothing', async () => {
    await table.write([{ put: { ...key('I'), ...filled(5000) } }]);

    expect((await cost(() => table.get(key('none')))).reads).toBe(1);
    expect((await cost(() => table.get(key('I')))).reads).toBe(2);
  });

  it('a query is rounded as a whole, a batch item by item, an index read is half', async () => {
    const pk = 'ORG#o#LIST#l';
    for (const sk of ['1', '2', '3']) await table.write([{ put: { pk, sk, ...filled(1500), ...due(sk) } }]);

    const query = await cost(() => table.query({ pk }));
    const batch = await cost(() => table.getMany(['1', '2', '3'].map((sk) => ({ pk, sk }))));
    const index = await cost(() => table.query({ pk: 'DUE#1', index: 'due' }));

    expect([query.reads, batch.reads, index.reads]).toEqual([2, 3, 0.5]);
  });
});
