import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Invoke } from '#local/invocation.ts';
import { scheduleTimes } from '#local/schedule-expression.ts';

const bounds = z.never({ error: 'The local scheduler knows no StartDate and EndDate.' }).optional();

const ScheduleProperties = z
  .object({
    Name: z.string().default('schedule'),
    ScheduleExpression: z.string(),
    ScheduleExpressionTimezone: z.string().default('UTC'),
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    StartDate: bounds,
    EndDate: bounds,
    Target: z.object({
      Arn: z.string().regex(/^arn:[^:]+:lambda:/, 'The local scheduler knows Lambda targets only.'),
      RoleArn: z.string(),
      Input: z.string().optional(),
    }),
  })
  .transform(({ Target, ...properties }) => ({
    name: properties.Name,
    expression: properties.ScheduleExpression,
    timezone: properties.ScheduleExpressionTimezone,
    isEnabled: properties.State === 'ENABLED',
    targetArn: Target.Arn,
    roleArn: Target.RoleArn,
    input: Target.Input,
  }));

export type Schedule = z.infer<typeof ScheduleProperties>;

/** Reads the resolved properties of an `AWS::Scheduler::Schedule`. */
export const readSchedule = (properties: unknown): Schedule => ScheduleProperties.parse(properties);

export type SchedulerOptions = {
  schedules: readonly Schedule[];
  invoke: Invoke;
  onError?: (error: unknown, targetArn: string) => void;
};

const longestTimerMs = 24 * 3_600_000; // a longer wait is taken in steps, so that the timer never overflows

const iso = (epochMs: number) => new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');

/** The target's input with Scheduler's context attributes filled in; without one, the event that AWS sends. */
const payloadOf = ({ name, input }: Schedule, scheduledAt: number): unknown => {
  const id = randomUUID();
  if (input === undefined) {
    const event = { version: '0', id, 'detail-type': 'Scheduled Event', source: 'aws.scheduler' };
    return { ...event, time: iso(scheduledAt), resources: [name], detail: '{}' };
  }
  return JSON.parse(
    input
      .replaceAll('<aws.scheduler.scheduled-time>', iso(scheduledAt))
      .replaceAll('<aws.scheduler.execution-id>', id)
      .replaceAll('<aws.scheduler.attempt-number>', '1'),
  );
};

/** Calls `fire` at each of the times after now until the returned function is called; times slept through are left out. */
const tick = (next: (afterMs: number) => number | undefined, fire: (scheduledAt: number) => void) => {
  let timer: NodeJS.Timeout | undefined;
  const wake = (due: number) => {
    if (Date.now() < due) return arm(due);
    fire(due);
    const following = next(due);
    arm(following !== undefined && following < Date.now() ? next(Date.now()) : following);
  };
  const arm = (due: number | undefined) => {
    if (due === undefined) return;
    const waitMs = Math.min(Math.max(due - Date.now(), 0), longestTimerMs);
    timer = setTimeout(() => wake(due), waitMs).unref();
  };
  arm(next(Date.now()));
  return () => clearTimeout(timer);
};

/** EventBridge Scheduler for Lambda targets; a rate begins one period after the start. */
export const createScheduler = ({ schedules, invoke, onError }: SchedulerOptions) => {
  const enabled = schedules.filter(({ isEnabled }) => isEnabled);
  const plans = enabled.map((schedule) => ({
    schedule,
    next: scheduleTimes(schedule.expression, schedule.timezone),
  }));
  let stops: (() => void)[] = [];

  const call = async (targetArn: string, payload: unknown, roleArn?: string) => {
    try {
      const { functionError, payload: reply } = await invoke(targetArn, payload, roleArn);
      if (functionError) onError?.(reply, targetArn);
    } catch (error) {
      onError?.(error, targetArn);
    }
  };

  return {
    start: () => {
      stops = plans.map(({ schedule, next }) =>
        tick(next, (at) => void call(schedule.targetArn, payloadOf(schedule, at), schedule.roleArn)),
      );
    },
    stop: () => {
      for (const stop of stops) stop();
    },
    /** Fires a target outside of its schedule, once; like a tick it reports to `onError` and never rejects. */
    fireOnce: (targetArn: string, payload: unknown) =>
      call(targetArn, payload, enabled.find((schedule) => schedule.targetArn === targetArn)?.roleArn),
  };
};
