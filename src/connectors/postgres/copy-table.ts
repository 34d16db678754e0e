import { ConnectorError, type CopyOutcome, type CopyRequest } from '../connector.ts';
import { columnNamed, sourceTable } from './catalog.ts';
import { atEnd } from './errors.ts';
import { fullRefresh } from './full-refresh.ts';
import { incremental } from './incremental.ts';
import { raiseEpoch } from './ledger.ts';
import { ensureLedger, ownTable } from './ledger-schema.ts';
import { loadOf, sessionOptions, targetOf, withEnds } from './load.ts';
import type { RangeSize } from './ranges.ts';
import { openSession } from './session.ts';

/** Claims the table's load under the epoch and copies ranges until it is done or the time is up. */
export const copyTable = (request: CopyRequest, size: RangeSize): Promise<CopyOutcome> =>
  withEnds(request, async (source, destination) => {
    const { table: spec, connectionId } = request;
    const load = loadOf(request);
    const table = await atEnd('source', spec.name, () => sourceTable(source, spec.name));
    const key = spec.primary_key.map((name) => columnNamed(table, name));
    const target = targetOf(request);
    const head = await atEnd('destination', spec.name, async () => {
      await ensureLedger(destination);
      await ownTable(destination, `${target.schema}.${target.table}`, connectionId);
      return raiseEpoch(destination, load);
    });
    const copying = { request, source, destination, load, head, table, key, target, size };
    return atEnd('destination', spec.name, () =>
      spec.mode === 'incremental' ? incremental(keyed(copying)) : fullRefresh(copying),
    );
  });

const keyed = <C extends { key: unknown[]; request: CopyRequest }>(copying: C): C => {
  if (copying.key.length > 0) return copying;
  throw new ConnectorError({
    code: 'primary_key_missing',
    message: `The table ${copying.request.table.name} has no primary_key, which incremental needs.`,
    class: 'configuration',
    retryable: false,
    hint: 'Name the key’s columns, or choose full_refresh.',
    table: copying.request.table.name,
  });
};

/** Raises the load's epoch at the destination, so that no older invocation commits again. */
export const fence = async (request: CopyRequest): Promise<void> => {
  const destination = await openSession(sessionOptions(request, 'destination'));
  try {
    await atEnd('destination', request.table.name, async () => {
      await ensureLedger(destination);
      await raiseEpoch(destination, loadOf(request));
    });
  } finally {
    await destination.end();
  }
};
