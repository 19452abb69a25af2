import { closeSync, fstatSync } from 'node:fs';
import { resolve } from 'node:path';
import { initGroups } from './drop-root.ts';
import { writableByOthers } from './root-alone.ts';
import { openRegular, UnsafeFile } from './safe-open.ts';

const opened = new Map<string, number>();

/**
 * Opens, while this process is still root, a file that the caller named and that is written once: with root's rights if root
 * alone can write every folder on the way, else with those of the account that called sudo(8). Without either it is left to
 * be opened by the account that root drops to. Throws UnsafeFile; other errors are left to the one who writes.
 */
export function openForCaller(file: string): void {
  const path = resolve(file);
  const fd = writableByOthers(path) === null ? openOne(path) : asSudoCaller(() => openOne(path));
  // By both names: the working directory may change with the account.
  if (fd !== null) for (const name of [file, path]) opened.set(name, fd);
}

/** The descriptor of a file that was opened for the caller; null if none was. */
export const callerFile = (file: string): number | null => opened.get(file) ?? opened.get(resolve(file)) ?? null;

function openOne(path: string): number | null {
  let fd: number;
  try {
    fd = openRegular(path, 'write', { mode: 0o644 });
  } catch (error) {
    if (error instanceof UnsafeFile) throw error;
    return null;
  }
  if (fstatSync(fd).nlink === 1) return fd;
  closeSync(fd);
  throw new UnsafeFile(path, 'ELOOP', 'has another name');
}

function asSudoCaller(open: () => number | null): number | null {
  const [uid, gid] = [Number(process.env['SUDO_UID'] ?? 0), Number(process.env['SUDO_GID'] ?? 0)];
  if (uid === 0 || gid === 0 || process.env['SUDO_USER'] === undefined) return null;
  const groups = process.getgroups?.() ?? [];
  try {
    initGroups(process.env['SUDO_USER'], gid);
    process.setegid?.(gid);
    process.seteuid?.(uid);
    return open();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
    process.setgroups?.(groups);
  }
}
