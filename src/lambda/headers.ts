import type { APIGatewayProxyEvent } from 'aws-lambda';

/** All values of a header, whatever the case of its name; one that came twice has two. */
export const headerValues = (
  { headers, multiValueHeaders }: Pick<APIGatewayProxyEvent, 'headers' | 'multiValueHeaders'>,
  name: string,
): string[] => {
  const matching = (all: Readonly<Record<string, unknown>> | null) =>
    Object.entries(all ?? {})
      .filter(([key]) => key.toLowerCase() === name)
      .flatMap(([, values]) => values as string | string[] | undefined)
      .filter((value) => value !== undefined);
  const many = matching(multiValueHeaders);
  return many.length > 0 ? many : matching(headers);
};
