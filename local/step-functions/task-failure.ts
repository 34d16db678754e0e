/** An error as Retry and Catch see it: its name, and its cause as the message. */
export class TaskFailure extends Error {
  override readonly name: string;
  /** Read by the interpreter: an error that no Retry and no Catch may match, `States.ALL` included. */
  readonly isRetryable: boolean;
  readonly isCatchable: boolean;

  constructor(error: string, cause: string, { isFinal = false } = {}) {
    super(cause);
    this.name = error;
    this.isRetryable = !isFinal;
    this.isCatchable = !isFinal;
  }
}

const payloadLimitBytes = 256 * 1024;

export const isTooLarge = (json: string) => Buffer.byteLength(json) > payloadLimitBytes;

export const dataLimitExceeded = (stateName: string) =>
  new TaskFailure(
    'States.DataLimitExceeded',
    `The state/task '${stateName}' returned a result with a size exceeding the maximum number of bytes service limit.`,
    { isFinal: true },
  );
