import type { Client } from 'pg';

export const tables = ['demo.customers', 'demo.orders'] as const;
export type TableName = (typeof tables)[number];

const definition = `
  DROP SCHEMA IF EXISTS demo CASCADE;
  CREATE SCHEMA demo;
  CREATE TYPE demo.order_status AS ENUM ('new', 'paid', 'shipped', 'returned');
  CREATE TABLE demo.customers (
    id bigint PRIMARY KEY, name text NOT NULL, email varchar(120), tags text[], profile jsonb,
    credit numeric(12,2), born date, is_active boolean NOT NULL, updated_at timestamptz NOT NULL);
  CREATE TABLE demo.orders (
    id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES demo.customers, status demo.order_status NOT NULL,
    amount numeric(18,4), items jsonb NOT NULL, weights double precision[], token uuid, photo bytea, note text,
    placed_at timestamp, updated_at timestamptz NOT NULL)`;

const nth = (list: string, by: string) => `(${list})[1 + (${by} % array_length(${list}, 1))]`;
const names = `ARRAY['Zoë', '李雷', 'Søren', 'Олена', '🦊 Fox', 'Ελένη', 'O''Neil', 'مريم']`;
const unless = (part: number, value: string) => `CASE WHEN i % ${part} <> 0 THEN ${value} END`;
/** Spread over the thirty days before now. */
const spreadTime = (count: string) => `now() - interval '30 days' * (1 - i::float8 / (${count} + 1))`;

const customerRows = `
  INSERT INTO demo.customers
  SELECT i, ${nth(names, 'i')} || ' ' || i, ${unless(7, `'c' || i || '@example.org'`)},
    ${unless(5, `ARRAY['vip', 'a,b', NULL, '{' || i || '}']`)},
    ${unless(3, `jsonb_build_object('lang', 'de', 'score', i / 7.0, 'näme', NULL)`)},
    ${unless(11, '(i * 1.37)::numeric(12,2)')}, date '1950-01-01' + (i % 20000)::int, i % 4 <> 0,
    ${spreadTime('$1')}
  FROM generate_series(1, $1::bigint) AS i`;

const orderRows = `
  INSERT INTO demo.orders
  SELECT i, 1 + i % $2::bigint, ${nth(`enum_range(NULL::demo.order_status)`, 'i::int')},
    ${unless(13, '(i * 0.0173)::numeric(18,4)')},
    jsonb_build_array(jsonb_build_object('sku', 'S-' || i % 97, 'n', i % 5), 'geschenk ✓'),
    ${unless(6, `ARRAY[i / 3.0::float8, 'NaN', '-Infinity']`)}, ${unless(4, 'md5(i::text)::uuid')},
    ${unless(9, `decode(md5(i::text), 'hex')`)}, ${unless(2, `E'tab\\t line\\nback\\\\slash ' || i`)},
    ${unless(10, `timestamp '2020-02-29 12:00' + i * interval '1 second'`)}, ${spreadTime('$1')}
  FROM generate_series(1, $1::bigint) AS i`;

/** Two related tables with what makes copying hard: NULLs, unicode, jsonb, numeric, bytea, an enum, arrays. */
export const loadSource = async (source: Client, rows: number) => {
  const customers = Math.max(1, Math.floor(rows / 5));
  const orders = Math.max(1, rows - customers);
  await source.query(definition);
  await source.query(customerRows, [customers]);
  await source.query(orderRows, [orders, customers]);
  await source.query('ANALYZE demo.customers, demo.orders');
  return { 'demo.customers': customers, 'demo.orders': orders };
};

export const clearDestination = (destination: Client) =>
  destination.query('DROP SCHEMA IF EXISTS demo CASCADE');

const changes = [
  `UPDATE demo.customers SET credit = coalesce(credit, 0) + 1, name = name || ' ✎', updated_at = clock_timestamp()
   WHERE id % 100 = 1`,
  `UPDATE demo.orders SET status = 'returned', note = NULL, updated_at = clock_timestamp() WHERE id % 50 = 1`,
  `INSERT INTO demo.orders
   SELECT id + 1000000000, customer_id, 'new', amount, items, weights, token, photo, '新しい', placed_at, clock_timestamp()
   FROM demo.orders WHERE id % 100 = 2`,
];

/** Updates and inserts some rows; says how many. */
export const changeSource = async (source: Client) => {
  let changed = 0;
  for (const change of changes) changed += (await source.query(change)).rowCount ?? 0;
  return changed;
};
