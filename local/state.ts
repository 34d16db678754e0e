import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const pidFile = 'local.pid';

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('local.ts');
  } catch {
    return false;
  }
};

const runningPid = (folder: string) => {
  const file = join(folder, pidFile);
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  return pid > 0 && pid !== process.pid && isAlive(pid) ? pid : undefined;
};

const requireStopped = (folder: string) => {
  const pid = runningPid(folder);
  if (pid)
    throw new Error(`The state ${folder} is in use by process ${pid}. Stop it, or choose another --state.`);
};

/** The state folder, taken by this process until it ends. @throws while another one runs on it. */
export const takeState = (path: string) => {
  const folder = resolve(path);
  mkdirSync(folder, { recursive: true });
  requireStopped(folder);
  rmSync(join(folder, 'endpoint.json'), { force: true });
  writeFileSync(join(folder, pidFile), String(process.pid));
  return {
    folder,
    /** Last, and at once: whoever finds the file may call. */
    publish(endpoint: object) {
      writeFileSync(join(folder, 'endpoint.json.new'), `${JSON.stringify(endpoint, null, 2)}\n`, {
        mode: 0o600,
      });
      renameSync(join(folder, 'endpoint.json.new'), join(folder, 'endpoint.json'));
    },
    release() {
      rmSync(join(folder, 'endpoint.json'), { force: true });
      rmSync(join(folder, pidFile), { force: true });
    },
  };
};

export const clearState = (path: string) => {
  const folder = resolve(path);
  requireStopped(folder);
  rmSync(folder, { recursive: true, force: true });
  return folder;
};
