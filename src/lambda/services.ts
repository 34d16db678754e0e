import type { ServicesOf } from '#src/api/endpoint.ts';
import type { Route } from '#src/api/route.ts';
import { awsTable } from './aws-table.ts';
import { systemClock } from './clock.ts';

/** Table and clock, and what the providers make. The table is reached on use: public routes have none. */
export const connected = <R extends Route>(providers: Record<string, () => object> = {}): ServicesOf<R> =>
  Object.assign(
    {
      clock: systemClock,
      get table() {
        return awsTable();
      },
    },
    ...Object.values(providers).map((provide) => provide()),
  );
