/** Where an error came from, without its message: messages may quote what a caller or a database said. */
export const traceOf = (error: unknown, depth = 3): unknown => {
  if (!(error instanceof Error)) return { name: typeof error };
  const { name, stack, cause } = error;
  const frames = (stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 8);
  return {
    name,
    frames: frames.map((line) => line.trim()),
    ...(cause !== undefined && depth > 0 && { cause: traceOf(cause, depth - 1) }),
  };
};
