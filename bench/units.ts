import './quiet.ts';
import { meteredWorld } from './metered-world.ts';
import { lifeSteps, oneSync, type Step } from './one-sync.ts';
import { totalOf } from './unit-meter.ts';

/** What a sync job costs in DynamoDB units, itemised (goals.md 1). */

const lifeMax = 54;

const show = ({ name, charges }: Step) => {
  console.log(`\n${name}`);
  console.table(charges);
};

const summary = (steps: readonly Step[]) =>
  steps.map(({ name, charges }) => {
    const { reads, writes } = totalOf(charges);
    return { step: name, 'write units': writes, 'read units': reads };
  });

const world = await meteredWorld();
try {
  await oneSync(world); // the connection's first: its STATE does not exist yet
  const steps = await oneSync(world);
  for (const step of steps) show(step);
  console.table(summary(steps));
  const life = totalOf(steps.slice(0, lifeSteps).flatMap(({ charges }) => charges));
  console.log(`a job's life: ${life.writes} write units (goal ≤ ${lifeMax}), ${life.reads} read units`);
  if (life.writes > lifeMax) process.exitCode = 1;
} finally {
  await world.close();
}
