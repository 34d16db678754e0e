import './quiet.ts';
import { measureUnits } from './measured-units.ts';
import { totalOf } from './unit-meter.ts';

/** What a sync job costs in DynamoDB units, itemised (goals.md 1). `--items` lists every action. */

const lifeMax = 54;

const { steps, life, bare, delivery, deliveries, events } = await measureUnits();
if (process.argv.includes('--items')) {
  for (const { name, charges } of [...steps, { name: `${events} deliveries`, charges: deliveries }]) {
    console.log(`\n${name}`);
    console.table(charges);
  }
}
console.table(
  steps.map(({ name, charges }) => {
    const { reads, writes } = totalOf(charges);
    return { step: name, 'write units': writes, 'read units': reads };
  }),
);
console.log(
  `a job's life: ${bare.writes} write units (goal ≤ ${lifeMax}), ${life.writes} with metadata; ${life.reads} read units`,
);
console.log(`each delivery adds ${delivery.writes} write units, ${delivery.reads} read units`);
if (bare.writes > lifeMax) process.exitCode = 1;
