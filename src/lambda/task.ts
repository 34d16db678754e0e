import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type * as z from 'zod';

const logger = new Logger();

/** How long the invocation has left. */
export type TimeLeft = { timeLeftMs(): number };

/**
 * Turns a function of a parsed input into a Lambda: a Task of a state machine, a tick, a direct call. Errors are logged
 * by name and rethrown, for the caller's Retry and Catch to see.
 */
export const task = <S extends z.ZodType, Output>(
  schema: S,
  run: (input: z.output<S>, time: TimeLeft, log: Logger) => Promise<Output>,
) =>
  middy<unknown, Output | undefined>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .onError(({ error }) =>
      logger.error('failed', { error_name: error?.name, error_message: error?.message }),
    )
    .handler((event: unknown, context: Context) =>
      run(schema.parse(event), { timeLeftMs: () => context.getRemainingTimeInMillis() }, logger),
    );
