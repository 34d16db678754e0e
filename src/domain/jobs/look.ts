/** When the sweeper first looks at a job that waits, and at one that runs. */
export const lookWaitingMs = 120_000;
export const lookRunningMs = 60_000;
/** Each look that finds nothing to do doubles the step, up to this. */
const lookMaxMs = 600_000;

export const nextLook = (lookMs: number | undefined) => Math.min((lookMs ?? lookRunningMs) * 2, lookMaxMs);
