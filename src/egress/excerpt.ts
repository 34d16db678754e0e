const unprintable = /[\p{Cc}\p{Cf}\uFFFD]/gu;

/** What of an error's body may be stored and shown: text without control characters, at most `bytes` of it. */
export const excerptOf = (body: Buffer, bytes: number, encoding: string | undefined) => {
  if (encoding && encoding !== 'identity') return ''; // never decompressed
  return body
    .subarray(0, bytes)
    .toString('utf8')
    .replace(unprintable, (character) => (character === '\n' || character === '\t' ? character : ''));
};
