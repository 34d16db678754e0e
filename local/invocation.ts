/** The error object that Lambda answers for a function that failed. */
export type FunctionFailure = { errorType: string; errorMessage: string; trace?: string[] };

/** What a call of a function gave: its reply, or its error object marked `Unhandled`. */
export type Invocation = { payload: unknown; functionError?: 'Unhandled' };

/**
 * Calls a function by name or ARN and rejects with an AwsError where the service itself refuses.
 * `roleArn` is the role that calls (of a state machine, a schedule or the gateway), for the IAM front.
 */
export type Invoke = (functionName: string, payload: unknown, roleArn?: string) => Promise<Invocation>;

export const failed = (payload: FunctionFailure): Invocation => ({ payload, functionError: 'Unhandled' });
