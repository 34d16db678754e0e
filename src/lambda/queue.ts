import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type * as z from 'zod';
import { traceOf } from './trace.ts';

const logger = new Logger({ serviceName: 'planasonix' });

/**
 * Turns a function of one message into a Lambda. A message that fails comes back alone, however bad its JSON is, and
 * does not hold up its batch; messages of one batch that say the same are consumed once.
 */
export const consumer = <S extends z.ZodType>(
  schema: S,
  consume: (message: z.output<S>, log: Logger) => Promise<void>,
) =>
  middy<SQSEvent, SQSBatchResponse>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .handler(async ({ Records }) => {
      const alike = Map.groupBy(Records, ({ body }) => body);
      const failed = await Promise.all(
        [...alike].map(async ([body, records]) => {
          try {
            await consume(schema.parse(JSON.parse(body)), logger);
            return [];
          } catch (error) {
            logger.warn('message failed', { message_ids: records.map(idOf), error: traceOf(error) });
            return records.map((record) => ({ itemIdentifier: idOf(record) }));
          }
        }),
      );
      return { batchItemFailures: failed.flat() };
    });

const idOf = ({ messageId }: SQSRecord) => messageId;
