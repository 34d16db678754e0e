import * as z from 'zod';
import { AwsError } from '#local/aws-error.ts';
import { isTooLarge } from '#local/step-functions/task-failure.ts';

/** Times go on the wire in epoch seconds. */
export const seconds = (epochMs: number | undefined) => (epochMs === undefined ? undefined : epochMs / 1000);

export const parseJson = (text: string, code: string) => {
  if (isTooLarge(text)) throw new AwsError('ValidationException', 'The JSON is longer than 262144 bytes.');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new AwsError(code, `Invalid JSON: ${error instanceof Error ? error.message : error}`);
  }
};

export const found = <Thing>(things: ReadonlyMap<string, Thing>, arn: string, code: string) => {
  const thing = things.get(arn);
  if (!thing) throw new AwsError(code, `Does not exist: '${arn}'`);
  return thing;
};

export const Page = z.object({
  maxResults: z.number().int().min(0).default(0),
  nextToken: z.string().default('0'),
});

export const pageOf = <Item>(items: readonly Item[], { maxResults, nextToken }: z.infer<typeof Page>) => {
  const from = Number(nextToken);
  const until = from + (maxResults || 100);
  return { items: items.slice(from, until), ...(until < items.length && { nextToken: String(until) }) };
};
