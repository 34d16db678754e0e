import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Invocation } from '#local/invocation.ts';
import { scheduleTimes } from '#local/schedule-expression.ts';
import { createScheduler, readSchedule } from '#local/scheduler.ts';

const times = (expression: string, timeZone: string, after: string, count: number) => {
  const next = scheduleTimes(expression, timeZone);
  const found: (string | undefined)[] = [];
  let at: number | undefined = Date.parse(after);
  while (at !== undefined && found.length < count) {
    at = next(at);
    found.push(at === undefined ? undefined : new Date(at).toISOString().replace(':00.000Z', 'Z'));
  }
  return found;
};

describe('the times of an expression', () => {
  it.each([
    ['rate(1 minute)', '2026-01-01T00:00Z', ['2026-01-01T00:01Z', '2026-01-01T00:02Z']],
    ['rate(5 hours)', '2026-01-01T00:00Z', ['2026-01-01T05:00Z', '2026-01-01T10:00Z']],
    ['rate(1 day)', '2026-01-01T00:00Z', ['2026-01-02T00:00Z', '2026-01-03T00:00Z']],
    ['cron(0 10 ? * 6L *)', '2026-01-01T00:00Z', ['2026-01-30T10:00Z', '2026-02-27T10:00Z']],
    ['cron(0 9 3W * ? *)', '2026-01-01T00:00Z', ['2026-01-02T09:00Z', '2026-02-03T09:00Z']],
    ['cron(0 9 L * ? *)', '2026-01-01T00:00Z', ['2026-01-31T09:00Z', '2026-02-28T09:00Z']],
    ['cron(0 9 ? * 2#1 *)', '2026-01-01T00:00Z', ['2026-01-05T09:00Z', '2026-02-02T09:00Z']],
    ['cron(0 9 ? * MON-FRI *)', '2026-01-02T10:00Z', ['2026-01-05T09:00Z', '2026-01-06T09:00Z']],
    ['cron(0/5 8-17 ? * 1 *)', '2026-01-01T00:00Z', ['2026-01-04T08:00Z', '2026-01-04T08:05Z']],
    ['cron(0 9 1 1 ? 2026-2027)', '2026-06-01T00:00Z', ['2027-01-01T09:00Z', undefined]],
  ])('%s', (expression, after, expected) => {
    expect(times(expression, 'UTC', after, 2)).toEqual(expected);
  });

  it.each([
    [
      'G2 a time that the clock jumps over is skipped',
      'cron(30 2 * * ? *)',
      'Europe/Berlin',
      '2026-03-28T12:00Z',
      ['2026-03-30T00:30Z', '2026-03-31T00:30Z'],
    ],
    [
      'G2 others of that day are not',
      'cron(30 2,14 * * ? *)',
      'Europe/Berlin',
      '2026-03-29T00:00Z',
      ['2026-03-29T12:30Z', '2026-03-30T00:30Z'],
    ],
    [
      'G1 a time that comes twice fires once',
      'cron(30 2 * * ? *)',
      'Europe/Berlin',
      '2026-10-24T12:00Z',
      ['2026-10-25T00:30Z', '2026-10-26T01:30Z'],
    ],
    [
      'G1 a repeated hour fires once also for steps',
      'cron(*/30 * * * ? *)',
      'Europe/Berlin',
      '2026-10-25T00:00Z',
      ['2026-10-25T00:30Z', '2026-10-25T02:00Z'],
    ],
    [
      'G1 a repeated half hour does too',
      'cron(15,45 1-2 * * ? *)',
      'Australia/Lord_Howe',
      '2026-04-04T14:15Z',
      ['2026-04-04T14:45Z', '2026-04-04T15:45Z'],
    ],
  ])('%s', (_, expression, timeZone, after, expected) => {
    expect(times(expression, timeZone, after, 2)).toEqual(expected);
  });

  it.each([
    'at(2026-01-01T00:00:00)',
    'rate(0 minutes)',
    'rate(1 week)',
    'cron(* * * * * *)',
    'cron(0 9 * *)',
    'cron(0 25 * * ? *)',
  ])('refuses %s', (expression) => {
    expect(() => scheduleTimes(expression)).toThrow();
  });
});

describe('a rate', () => {
  it('G5 counts elapsed time over a change of the clock', () => {
    expect(times('rate(1 day)', 'Europe/Berlin', '2026-03-28T12:00Z', 2)).toEqual([
      '2026-03-29T12:00Z',
      '2026-03-30T12:00Z',
    ]);
  });
});

describe('the scheduler', () => {
  const targetArn = 'arn:aws:lambda:eu-west-1:000000000000:function:sweep-due';
  const roleArn = 'arn:aws:iam::000000000000:role/scheduler';
  const schedule = (more = {}, target = {}) =>
    readSchedule({
      Name: 'sweep',
      ScheduleExpression: 'rate(1 minute)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: targetArn, RoleArn: roleArn, ...target },
      ...more,
    });
  const invoke = vi.fn<(name: string, payload: unknown, role?: string) => Promise<Invocation>>();
  const onError = vi.fn<(error: unknown, targetArn: string) => void>();
  const running: { stop(): void }[] = [];
  const start = (...schedules: ReturnType<typeof schedule>[]) => {
    const scheduler = createScheduler({ schedules, invoke, onError });
    running.push(scheduler);
    scheduler.start();
    return scheduler;
  };

  beforeEach(() => {
    vi.useFakeTimers({ now: Date.parse('2026-01-01T00:00:00Z') });
    invoke.mockReset().mockResolvedValue({ payload: null });
    onError.mockReset();
  });
  afterEach(() => {
    for (const scheduler of running.splice(0)) scheduler.stop();
    vi.useRealTimers();
  });

  it('invokes the target each period with its input and role, until it is stopped', async () => {
    const Input = '{"at":"<aws.scheduler.scheduled-time>"}';
    const scheduler = start(schedule({}, { Input }));

    await vi.advanceTimersByTimeAsync(120_000);
    scheduler.stop();
    await vi.advanceTimersByTimeAsync(120_000);

    expect(invoke.mock.calls).toEqual([
      [targetArn, { at: '2026-01-01T00:01:00Z' }, roleArn],
      [targetArn, { at: '2026-01-01T00:02:00Z' }, roleArn],
    ]);
  });

  it("sends AWS's event where there is no input", async () => {
    start(schedule({ ScheduleExpression: 'cron(0 9 * * ? *)', ScheduleExpressionTimezone: 'Asia/Tokyo' }));

    await vi.advanceTimersByTimeAsync(86_400_000);

    expect(invoke.mock.calls.map(([, payload]) => payload)).toMatchObject([
      {
        source: 'aws.scheduler',
        'detail-type': 'Scheduled Event',
        time: '2026-01-02T00:00:00Z',
        detail: '{}',
      },
    ]);
  });

  it('waits longer than a timer can, and leaves out what it slept through', async () => {
    start(
      schedule({ ScheduleExpression: 'cron(0 0 1 6 ? *)' }),
      schedule({ ScheduleExpression: 'rate(1 day)' }, { Input: '"day"' }),
    );

    vi.setSystemTime(Date.parse('2026-05-31T23:00:00Z'));
    await vi.advanceTimersByTimeAsync(86_400_000);

    const payloads = invoke.mock.calls.map(([, payload]) => payload);
    expect(payloads.filter((payload) => payload !== 'day')).toMatchObject([{ time: '2026-06-01T00:00:00Z' }]);
    expect(payloads.filter((payload) => payload === 'day')).toHaveLength(1);
  });

  it('fires once by hand, and reports what fails without stopping', async () => {
    const scheduler = start(schedule());
    invoke.mockResolvedValueOnce({ payload: { errorType: 'Error' }, functionError: 'Unhandled' });
    invoke.mockRejectedValueOnce(new Error('not there'));

    await scheduler.fireOnce(targetArn, { all: true });
    await vi.advanceTimersByTimeAsync(120_000);

    expect(invoke.mock.calls[0]).toEqual([targetArn, { all: true }, roleArn]);
    expect(invoke).toHaveBeenCalledTimes(3);
    expect(onError.mock.calls).toEqual([
      [{ errorType: 'Error' }, targetArn],
      [new Error('not there'), targetArn],
    ]);
  });

  it('leaves disabled schedules alone', async () => {
    start(schedule({ State: 'DISABLED' }));

    await vi.advanceTimersByTimeAsync(120_000);

    expect(invoke).not.toHaveBeenCalled();
  });

  it.each([
    [{ StartDate: '2026-01-01T00:00:00Z' }, {}],
    [{}, { Arn: 'arn:aws:states:eu-west-1:000000000000:stateMachine:job' }],
  ])('refuses what it does not know: %o %o', (more, target) => {
    expect(() => schedule(more, target)).toThrow();
  });
});
