import type { Clock } from '#src/domain/clock.ts';
import type { DataPlane } from './connector.ts';
export const dataPlane = (_clock: Clock): DataPlane => { throw new Error('later'); };
