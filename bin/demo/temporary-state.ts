import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A state folder of its own, open to the user that Postgres runs as where we are root. */
export const temporaryState = () => {
  const folder = mkdtempSync(join(tmpdir(), 'planasonix-'));
  chmodSync(folder, 0o755);
  return { path: join(folder, 'state'), remove: () => rmSync(folder, { recursive: true, force: true }) };
};
