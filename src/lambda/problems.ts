import type * as z from 'zod';
import { Failure, type FailureDetail } from '#src/domain/failure.ts';

const maxDetails = 100;
const maxIssueLength = 200;

/** All problems of a request, found one part after another and told together. */
export class Problems {
  readonly #details: FailureDetail[] = [];

  add(field: string, issue: string) {
    this.#details.push({ field: field.slice(0, maxIssueLength), issue: issue.slice(0, maxIssueLength) });
  }

  /** The parsed value, or undefined and a problem more. */
  check<S extends z.ZodType>(schema: S, value: unknown, whole: string): z.output<S> | undefined {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) this.#addIssue(issue, whole);
    return undefined;
  }

  throwIfAny() {
    if (this.#details.length === 0) return;
    throw new Failure('invalid_request', 'The request is not valid; `details` says where.', {
      details: this.#details.slice(0, maxDetails),
    });
  }

  #addIssue(issue: z.core.$ZodIssue, whole: string) {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) this.add([...path, key].join('.'), 'is not known here');
    } else this.add(path.join('.') || whole, issue.message);
  }
}
