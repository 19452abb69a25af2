import { lstatSync, realpathSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * The first folder on the way to a path that another account than root could change, and null if there is none. What does
 * not exist yet is judged by the nearest folder above it. A sticky folder of root, /tmp for example, is fine if what is below
 * belongs to root: nobody else can rename or replace that.
 */
export function writableByOthers(path: string): string | null {
  const real = realOf(resolve(path));
  const way = ancestors(real).filter((folder) => folder !== real || isFolder(real));
  return way.find((folder) => isOpen(lstatSync(folder))) ?? null;
}

/** Symbolic links resolved; of a path that does not exist, the nearest folder above it. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === '/' ? path : realOf(dirname(path));
  }
}

const isFolder = (path: string) => lstatSync(path).isDirectory();

function ancestors(path: string): string[] {
  return path === '/' ? ['/'] : [...ancestors(dirname(path)), path];
}

const STICKY = 0o1000;
const GROUP = 0o020;
const OTHERS = 0o002;

function isOpen({ uid, gid, mode }: Stats): boolean {
  if (uid !== 0) return true;
  const others = (mode & OTHERS) !== 0 || ((mode & GROUP) !== 0 && gid !== 0);
  return others && (mode & STICKY) === 0;
}
