import pg from 'pg';
import { ConnectorError, type ErrorClass, Fenced } from '../connector.ts';

type EndName = 'source' | 'destination';

/** SQLSTATE classes of what the caller must mend; everything else of the server may pass by itself. */
const permanentClasses = new Set(['22', '23', '42', '28', '3D', '3F', '0A', '2B', '2F']);

const hints: Readonly<Record<string, string>> = {
  '28': 'Check user and password of this end.',
  '3D': 'Check the database name of this end.',
  '42501': 'Grant the user of this end what the message names.',
  '42P01': 'The table does not exist at this end, or was renamed.',
  '42703': 'The column does not exist at this end.',
  '23505': 'The primary_key of the table is not unique at the source.',
  '22': 'A value does not fit the destination’s column.',
  '55P03': 'A lock at this end was not given in time; it is tried again.',
  '57014': 'A statement was ended by its time limit; it is tried again.',
  '53': 'The server is out of a resource; it is tried again.',
  '08': 'The connection broke; it is tried again.',
};

const hintOf = (code: string) => hints[code] ?? hints[code.slice(0, 2)];

const classOf = (end: EndName, code: string): ErrorClass => (code.startsWith('28') ? 'configuration' : end);

/** Messages of the server without DETAIL, and of invalid values without the value. */
const wordsOf = ({ message, code = '' }: pg.DatabaseError) =>
  code.startsWith('22') ? message.replace(/"[^"]*"/g, '"…"') : message;

const fromServer = (error: pg.DatabaseError, end: EndName, table: string | undefined) => {
  const code = error.code ?? 'XX000';
  return new ConnectorError(
    {
      code: `sqlstate_${code.toLowerCase()}`,
      message: `The ${end} answered: ${wordsOf(error)}`.slice(0, 1000),
      class: classOf(end, code),
      retryable: !permanentClasses.has(code.slice(0, 2)),
      hint: hintOf(code),
      table,
    },
    { cause: error },
  );
};

/** What went wrong at an end, in the connector's words; what was said already stays as it is. */
export const connectorError = (error: unknown, end: EndName, table?: string): unknown => {
  if (error instanceof ConnectorError || error instanceof Fenced || !(error instanceof Error)) return error;
  if (error instanceof pg.DatabaseError) return fromServer(error, end, table);
  return new ConnectorError(
    {
      code: `${end}_unreachable`,
      message: `The connection to the ${end} failed.`,
      class: end,
      retryable: true,
      hint: `See that the ${end} runs and that its network lets this deployment in.`,
      table,
    },
    { cause: error },
  );
};

/** Runs a step at an end and lets out only what callers may see. */
export const atEnd = async <T>(
  end: EndName,
  table: string | undefined,
  step: () => Promise<T>,
): Promise<T> => {
  try {
    return await step();
  } catch (error) {
    throw connectorError(error, end, table);
  }
};
