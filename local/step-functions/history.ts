import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { Execution, ExecutionEvent } from '#local/step-functions/execution.ts';

type WireEvent = Omit<HistoryEvent, 'id' | 'previousEventId' | 'timestamp'>;

const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value ?? null));

/** Types that the interpreter names otherwise than AWS; the rest keep their name. */
const typeNames: Partial<Record<ExecutionEvent['type'], HistoryEvent['type']>> = {
  ExecutionTimeout: 'ExecutionTimedOut',
  ParallelBranchStarted: 'ParallelStateStarted',
  ParallelBranchSucceeded: 'ParallelStateSucceeded',
  ParallelBranchFailed: 'ParallelStateFailed',
  StateFailed: 'TaskFailed',
  StateRetried: 'TaskScheduled',
};

const wireEvent = (event: ExecutionEvent): WireEvent | undefined => {
  switch (event.type) {
    case 'ExecutionStarted':
      return { type: event.type, executionStartedEventDetails: { input: asText(event.input) } };
    case 'ExecutionSucceeded':
      return { type: event.type, executionSucceededEventDetails: { output: asText(event.output) } };
    case 'ExecutionFailed':
      return {
        type: event.type,
        executionFailedEventDetails: { error: event.Error, cause: asText(event.Cause) },
      };
    case 'StateEntered':
      return {
        type: `${event.state.type}StateEntered`,
        stateEnteredEventDetails: { name: event.state.name, input: asText(event.state.input) },
      };
    case 'StateExited':
      return {
        type: `${event.state.type}StateExited` as HistoryEvent['type'],
        stateExitedEventDetails: { name: event.state.name, output: asText(event.state.output) },
      };
    case 'StateFailed':
      return {
        type: typeNames[event.type],
        taskFailedEventDetails: {
          resourceType: 'lambda',
          resource: event.state.name,
          error: event.Error,
          cause: asText(event.Cause),
        },
      };
    case 'StateCaught':
      return undefined; // AWS writes nothing but the next state's entry
    default:
      return { type: typeNames[event.type] ?? (event.type as HistoryEvent['type']) };
  }
};

/** The history of an execution in AWS's words, oldest first; times in epoch seconds as they go on the wire. */
export const historyOf = (execution: Execution) =>
  execution.events
    .flatMap((event) => {
      const wire = wireEvent(event);
      return wire ? [{ ...wire, timestamp: event.timestamp / 1000 }] : [];
    })
    .map((event, index) => ({ id: index + 1, previousEventId: index, ...event }));
