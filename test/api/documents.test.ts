import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { generatedDocs } from '#src/api/documents.ts';

it.each(Object.entries(generatedDocs()))('%s is what `npm run docs` writes', (file, text) => {
  expect(readFileSync(file, 'utf8')).toBe(text);
});
