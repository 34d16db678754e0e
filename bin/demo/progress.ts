import cliProgress from 'cli-progress';
import type { Client } from 'pg';

const seconds = (sinceMs: number) => ((performance.now() - sinceMs) / 1000).toFixed(1);

/** Rows of the COPY that runs at the destination right now. */
const rowsInFlight = async (destination: Client) => {
  const { rows } = await destination.query(
    `SELECT coalesce(sum(tuples_processed), 0)::bigint AS rows FROM pg_stat_progress_copy
     WHERE datname = current_database() AND command = 'COPY FROM'`,
  );
  return Number(rows[0].rows);
};

/** Adds up one COPY after another, each of which counts from nothing. */
const copiedRows = (destination: Client) => {
  let before = 0;
  let current = 0;
  return async () => {
    const now = await rowsInFlight(destination);
    if (now < current) before += current;
    current = now;
    return before + current;
  };
};

/** Shows how rows arrive while `work` runs: a bar at a terminal, else lines. */
export const withProgress = async <T>(
  { title, total, destination }: { title: string; total: number; destination: Client },
  work: () => Promise<T>,
): Promise<T> => {
  const startedAt = performance.now();
  const bar = process.stdout.isTTY
    ? new cliProgress.SingleBar({
        format: `${title} {bar} {percentage}% {value}/{total} rows {duration_formatted}`,
      })
    : undefined;
  if (bar) bar.start(total, 0);
  else console.log(`${title}: begun, ${total} rows`);
  const copied = copiedRows(destination);
  const timer = setInterval(() => {
    copied().then(
      (rows) => bar?.update(Math.min(rows, total)),
      () => undefined, // only the picture suffers
    );
  }, 150);
  try {
    const result = await work();
    bar?.update(total);
    return result;
  } finally {
    clearInterval(timer);
    bar?.stop();
    if (!bar) console.log(`${title}: over after ${seconds(startedAt)} s`);
  }
};
