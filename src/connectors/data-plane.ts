import type { DataPlane } from './connector.ts';
import { check } from './postgres/check.ts';
import { copyTable, fence } from './postgres/copy-table.ts';
import { discover } from './postgres/discover.ts';
import { type RangeSize, rangeSize } from './postgres/ranges.ts';

/** The data plane for postgres → postgres; `size` is how much one range holds. */
export const dataPlane = (size: RangeSize = rangeSize): DataPlane => ({
  copyTable: (request) => copyTable(request, size),
  fence: (request) => fence({ ...request, stopAt: request.stopAt ?? request.now() + 10_000 }),
  check,
  discover,
});
