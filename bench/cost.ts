import './quiet.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { makeApp } from '#lib/app.ts';
import { measureUnits } from './measured-units.ts';
import { prices } from './prices.ts';

/**
 * What a million syncs, a million deliveries and an idle month cost (goals.md 12): units as counted on the embedded table,
 * prices of prices.ts. Durations and log sizes are assumptions, named below; copying itself is not in it.
 */

type Line = { item: string; count: number; unit: number };

/** Billed milliseconds of a warm invocation, without the time that rows flow; 256 MB unless said. */
const assumedMs = { authorizer: 10, syncConnection: 60, fanOut: 50, runSlice: 300, deliver: 100, sweep: 400 };
const logKbPerInvocation = 0.8;
/** The execution's history without data, and the access log's line. */
const logKbPerExecution = 5.5;
const runSliceGb = 1769 / 1024;
const smallGb = 0.25;

const lambda = (
  item: string,
  { count, ms, gb = smallGb }: { count: number; ms: number; gb?: number },
): Line[] => [
  { item: `Lambda ${item}: requests`, count, unit: prices.lambdaRequest },
  { item: `Lambda ${item}: GB-seconds`, count: (count * ms * gb) / 1000, unit: prices.lambdaGbSecond },
  { item: `Lambda ${item}: logs`, count: (count * logKbPerInvocation) / 1e6, unit: prices.logGb },
];

type Units = Awaited<ReturnType<typeof measureUnits>>;

/** Accepted by one POST, three transitions (RunSlice, More?, Done), two wake-ups of fan-out, three events on the bus. */
const perSync = ({ life }: Units): Line[] => [
  { item: 'DynamoDB write units', count: life.writes, unit: prices.dynamoWriteUnit },
  { item: 'DynamoDB read units, and the key', count: life.reads + 1, unit: prices.dynamoReadUnit },
  { item: 'API Gateway', count: 1, unit: prices.apiRequest },
  { item: 'Step Functions transitions', count: 3, unit: prices.stepTransition },
  { item: 'SQS FIFO: send, receive, delete', count: 2 * 3, unit: prices.sqsFifoRequest },
  { item: 'KMS: open credentials', count: 1, unit: prices.kmsRequest },
  { item: 'EventBridge events', count: 3, unit: prices.busEvent },
  { item: 'Execution and access logs', count: logKbPerExecution / 1e6, unit: prices.logGb },
  { item: 'X-Ray traces, one in twenty', count: 4 / 20, unit: prices.trace },
  ...lambda('authorizer', { count: 1, ms: assumedMs.authorizer }),
  ...lambda('sync-connection', { count: 1, ms: assumedMs.syncConnection }),
  ...lambda('fan-out', { count: 2, ms: assumedMs.fanOut }),
  ...lambda('run-slice', { count: 1, ms: assumedMs.runSlice, gb: runSliceGb }),
];

/** A message of its own each, ten to an invocation; the secret is opened once in five minutes. */
const perDelivery = ({ delivery }: Units): Line[] => [
  { item: 'DynamoDB write units', count: delivery.writes, unit: prices.dynamoWriteUnit },
  { item: 'DynamoDB read units', count: delivery.reads, unit: prices.dynamoReadUnit },
  { item: 'SQS: send, receive and delete by ten', count: 1 + 0.2, unit: prices.sqsRequest },
  ...lambda('deliver-webhook', { count: 0.1, ms: assumedMs.deliver * 10 }),
];

const minutesAMonth = 60 * 24 * 30.4;
/** Lambda polls a queue with two long polls of 20 s where nothing comes. */
const emptyPolls = 2 * (60 / 20) * minutesAMonth;

const countTypes = (outdir: string) => {
  const types = readdirSync(outdir)
    .filter((file) => file.endsWith('.template.json'))
    .flatMap((file) => Object.values(JSON.parse(readFileSync(`${outdir}/${file}`, 'utf8')).Resources))
    .map((resource) => (resource as { Type: string }).Type);
  return (type: string) => types.filter((one) => one === type).length;
};

const idle = (count: ReturnType<typeof countTypes>): Line[] => [
  { item: 'KMS keys', count: count('AWS::KMS::Key'), unit: prices.kmsKeyMonth },
  { item: 'Secrets', count: count('AWS::SecretsManager::Secret'), unit: prices.secretMonth },
  { item: 'Alarms', count: count('AWS::CloudWatch::Alarm'), unit: prices.alarmMonth },
  { item: 'Dashboards', count: count('AWS::CloudWatch::Dashboard'), unit: prices.dashboardMonth },
  { item: 'Schedules', count: minutesAMonth, unit: prices.schedule },
  { item: 'Sweep: index reads', count: minutesAMonth * 16 * 0.5, unit: prices.dynamoReadUnit },
  { item: 'Empty polls of deliveries', count: emptyPolls, unit: prices.sqsRequest },
  { item: 'Empty polls of events', count: emptyPolls, unit: prices.sqsFifoRequest },
  ...lambda('sweep-due', { count: minutesAMonth, ms: assumedMs.sweep, gb: 0.5 }),
];

const dollars = (lines: readonly Line[], times: number) =>
  lines.reduce((sum, { count, unit }) => sum + count * unit * times, 0);

const show = (title: string, lines: readonly Line[], { times, max }: { times: number; max: number }) => {
  const total = dollars(lines, times);
  console.log(`\n${title}: $${total.toFixed(2)} (goal ≤ $${max})`);
  console.table(
    lines.map(({ item, count, unit }) => ({
      item,
      count: Number(count.toPrecision(4)),
      dollars: Number((count * unit * times).toFixed(2)),
    })),
  );
  if (total > max) process.exitCode = 1;
};

const units = await measureUnits();
const { app } = await makeApp();
const { directory } = app.synth();
show('A million syncs', perSync(units), { times: 1e6, max: 150 });
show('A million deliveries', perDelivery(units), { times: 1e6, max: 2 });
show('An idle month', idle(countTypes(directory)), { times: 1, max: 15 });
