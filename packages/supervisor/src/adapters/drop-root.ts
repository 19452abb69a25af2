import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

/** An account of the system by name: of /etc/passwd (passwd(5)), or of wherever else getent(1) finds one; null if there is none. */
export function accountOf(name: string, etc = '/etc'): Account | null {
  const line = inPasswd(name, etc) ?? (areElsewhere(etc) ? getent(name) : '');
  const fields = line.trim().split(':');
  if (fields.length < 6) return null;
  return { name, uid: Number(fields[2]), gid: Number(fields[3]), home: fields[5] as string };
}

/** Most accounts of services are here, and no program has to be started for it. */
function inPasswd(name: string, etc: string): string | undefined {
  try {
    const lines = readFileSync(join(etc, 'passwd'), 'utf8').split('\n');
    return lines.find((line) => line.startsWith(`${name}:`));
  } catch {
    return undefined; // getent(1) knows what is to be had without it.
  }
}

/**
 * Whether accounts may be somewhere else too (nsswitch.conf(5)). systemd has only those that it makes itself for as long as a unit
 * runs, and those of user records: neither where it does not run.
 */
function areElsewhere(etc: string): boolean {
  try {
    const [, sources = 'unknown'] = /^passwd:(.*)$/m.exec(readFileSync(join(etc, 'nsswitch.conf'), 'utf8')) ?? [];
    const others = sources
      .trim()
      .split(/\s+/)
      .filter((source) => source !== 'files');
    return others.some((source) => source !== 'systemd' || existsSync('/run/systemd/system'));
  } catch {
    return true;
  }
}

const getent = (name: string): string => spawnSync('getent', ['passwd', name], { encoding: 'utf8' }).stdout ?? '';

export const isRoot = (): boolean => process.getuid?.() === 0;

/** Gives up root for good, and the working directory if the account may not enter it: this process is that account, with its groups. Throws if root could be had back. */
export function dropRoot({ name, uid, gid, home }: Account): void {
  if (uid === 0 || gid === 0) throw new Error(`${name}: is root`);
  initGroups(name, gid);
  process.setgid?.(gid);
  // Real, effective and saved id at once: root has no way back (setuid(2)).
  process.setuid?.(uid);
  if (process.getuid?.() !== uid || process.geteuid?.() !== uid || process.getgid?.() !== gid)
    throw new Error(`${name}: root could not be given up`);
  leaveClosedFolder();
  Object.assign(process.env, { HOME: home, USER: name, LOGNAME: name });
  for (const name of ['XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME'])
    delete process.env[name];
}

/** A child cannot be started in a folder that this account may not enter, /root for example. */
export function leaveClosedFolder(): void {
  try {
    accessSync('.', constants.X_OK);
  } catch {
    process.chdir('/');
  }
}

/** The supplementary groups of an account become this process's (initgroups(3)). */
export function initGroups(name: string, gid: number): void {
  // Missing in @types/node.
  const { initgroups } = process as NodeJS.Process & { initgroups(user: string, extra: number): void };
  initgroups.call(process, name, gid);
}
