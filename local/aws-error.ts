/** An error that an AWS service answers on the wire: its code and its HTTP status. */
export class AwsError extends Error {
  override readonly name: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = code;
    this.status = status;
  }
}
