import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    env: { POWERTOOLS_LOG_LEVEL: 'SILENT' },
    testTimeout: process.env.PLANASONIX_TEST_DYNAMO === 'jar' ? 180_000 : 30_000, // the jar is ten times as slow,
    hookTimeout: 120_000,
    maxWorkers: 2, // two cores, and every other file starts an engine of its own
  },
});
