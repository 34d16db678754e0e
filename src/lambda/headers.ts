type WithHeaders = {
  headers: Readonly<Record<string, unknown>> | null;
  multiValueHeaders: Readonly<Record<string, unknown>> | null;
};

/** All values of a header, whatever the case of its name; one that came twice has two. */
export const headerValues = ({ headers, multiValueHeaders }: WithHeaders, name: string): string[] => {
  const matching = (all: Readonly<Record<string, unknown>> | null) =>
    Object.entries(all ?? {})
      .filter(([key]) => key.toLowerCase() === name)
      .flatMap(([, values]) => values as string | string[] | undefined)
      .filter((value) => value !== undefined);
  const many = matching(multiValueHeaders);
  return many.length > 0 ? many : matching(headers);
};
