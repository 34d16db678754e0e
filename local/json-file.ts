import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** A small object kept in a file: written whole and at once, readable by its owner alone. */
export const jsonFile = <T extends object>(path: string, fallback: T) => {
  const content: T = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : fallback;
  return {
    content,
    save() {
      writeFileSync(`${path}.new`, JSON.stringify(content, null, 2), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
};
