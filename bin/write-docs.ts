import { mkdirSync, writeFileSync } from 'node:fs';
import { generatedDocs } from '#src/api/documents.ts';

mkdirSync('docs', { recursive: true });
for (const [file, text] of Object.entries(generatedDocs())) writeFileSync(file, text);
