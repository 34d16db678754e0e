import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { Failure } from '#src/domain/failure.ts';
import { ConditionFailed, type Item } from './table.ts';

export const isConflict = (error: unknown) =>
  (error instanceof TransactionCanceledException &&
    error.CancellationReasons?.some(({ Code }) => Code === 'TransactionConflict') === true &&
    !error.CancellationReasons.some(({ Code }) => Code === 'ConditionalCheckFailed')) ||
  (error instanceof Error &&
    ['TransactionConflictException', 'TransactionInProgressException'].includes(error.name));

/** What the SDK throws in the words of the domain; the unknown stays as it is, a bug. */
export const translated = (error: unknown): unknown => {
  if (error instanceof ConditionalCheckFailedException) {
    return new ConditionFailed(new Map([[0, error.Item && (unmarshall(error.Item) as Item)]]), {
      cause: error,
    });
  }
  if (error instanceof TransactionCanceledException) {
    const failed = (error.CancellationReasons ?? []).flatMap(({ Code, Item }, index) =>
      Code === 'ConditionalCheckFailed' ? [[index, Item && (unmarshall(Item) as Item)] as const] : [],
    );
    if (failed.length > 0) return new ConditionFailed(new Map(failed), { cause: error });
  }
  return isOutage(error)
    ? new Failure('dependency_down', 'The store does not answer. Try again.', {
        cause: error,
        retryAfterSeconds: 5,
      })
    : error;
};

const outageNames = new Set([
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'InternalServerError',
  'ServiceUnavailable',
  'TimeoutError',
  'NetworkingError',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'LimitExceededException',
]);

const isOutage = (error: unknown) => {
  if (!(error instanceof Error)) return false;
  const reasons = error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []) : [];
  const code = 'code' in error ? String(error.code) : '';
  return (
    outageNames.has(error.name) ||
    outageNames.has(code) ||
    reasons.some(({ Code }) => Code === 'ThrottlingError')
  );
};

/** Runs a call and lets out only what the domain knows. */
export const outages = async <T>(call: () => Promise<T>): Promise<T> => {
  try {
    return await call();
  } catch (error) {
    throw translated(error);
  }
};
