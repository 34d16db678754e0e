import { Cron } from 'croner';

const unitMs: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const longestOverlapMs = 3 * 3_600_000;

/** The zone's distance from UTC at a moment. */
const offsetReader = (timeZone: string) => {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  return (epochMs: number) => {
    const name = format.formatToParts(epochMs).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
    const [, sign, hours = '0', minutes = '0'] = /GMT(?:([+-])(\d{2}):(\d{2}))?/.exec(name) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  };
};

/** Whether the clock on the wall has shown this same time before: the second pass of the hour that is repeated. */
const isRepeated = (epochMs: number, offsetAt: (epochMs: number) => number) => {
  const before = offsetAt(epochMs - longestOverlapMs);
  const setBackMs = before - offsetAt(epochMs);
  return setBackMs > 0 && offsetAt(epochMs - setBackMs) === before;
};

const cronTimes = (fields: string[], timeZone: string) => {
  const [minute, hour, dayOfMonth, month, dayOfWeek, year] = fields;
  if (fields.length !== 6 || (dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw new Error(`Not a cron expression of EventBridge Scheduler: ${fields.join(' ')}`);
  }
  const pattern = `0 ${minute} ${hour} ${dayOfMonth} ${month} ${dayOfWeek} ${year}`.replace('?', '*');
  const cron = new Cron(pattern, { timezone: timeZone, alternativeWeekdays: true, sloppyRanges: true });
  const offsetAt = offsetReader(timeZone);
  return (afterMs: number): number | undefined => {
    let time = cron.nextRun(new Date(afterMs));
    // AWS skips a time that the clock jumps over (croner moves it) and fires once for one that comes twice.
    while (time && (isRepeated(time.getTime(), offsetAt) || !cron.match(time))) time = cron.nextRun(time);
    return time?.getTime();
  };
};

/** When a `rate(…)` or `cron(…)` expression comes next after a moment, by the rules of EventBridge Scheduler. */
export const scheduleTimes = (expression: string, timeZone = 'UTC') => {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const periodMs = Number(count) * (unitMs[unit ?? ''] ?? Number.NaN);
  if (periodMs > 0) return (afterMs: number): number | undefined => afterMs + periodMs;
  const fields = /^cron\((.+)\)$/.exec(expression)?.[1];
  if (!fields) throw new Error(`The local scheduler knows rate(…) and cron(…), not ${expression}`);
  return cronTimes(fields.trim().split(/\s+/), timeZone);
};
