import { executionOf, type Outcome } from './scenario.ts';

const secondsOf = (run: Outcome['runs'][number]) => run.job.duration_seconds ?? Number.NaN;

/** The table at the end, and every problem by name. */
export const printSummary = ({ runs, received, verified, problems }: Outcome) => {
  console.table(
    runs.map((run) => ({
      sync: run.title,
      rows: run.rows,
      seconds: secondsOf(run),
      'rows/s': Math.round(run.rows / secondsOf(run)),
      'checksums equal': run.checksumsEqual ? 'yes' : 'NO',
      'Step Functions execution': executionOf(run.job),
    })),
  );
  console.log(`webhooks: ${received} received, ${verified} verified by both signature schemes`);
  const all = [
    ...runs.flatMap((run) => run.problems.map((problem) => `${run.title}: ${problem}`)),
    ...problems,
  ];
  for (const problem of all) console.error(`PROBLEM ${problem}`);
  return all.length === 0;
};
