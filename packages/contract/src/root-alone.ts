/** What is asked of a file system: lstat(2) and realpath(3). Both throw if there is no such path. */
export interface LookAt {
  lstatSync(path: string): { uid: number; gid: number; mode: number; isDirectory(): boolean };
  realpathSync(path: string): string;
}

/**
 * The first folder on the way to an absolute path that another account than root could change, and null if there is none. What
 * does not exist yet is judged by the nearest folder above it. A sticky folder of root, /tmp for example, is fine if what is
 * below belongs to root: nobody else can rename or replace that.
 */
export function folderOfOthers(path: string, fs: LookAt): string | null {
  const real = realOf(path, fs);
  const way = ancestors(real).filter((folder) => folder !== real || fs.lstatSync(real).isDirectory());
  return way.find((folder) => isOpen(fs.lstatSync(folder))) ?? null;
}

const above = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/** Symbolic links resolved; of a path that does not exist, the nearest folder above it. */
function realOf(path: string, fs: LookAt): string {
  try {
    return fs.realpathSync(path);
  } catch {
    return path === '/' ? path : realOf(above(path), fs);
  }
}

const ancestors = (path: string): string[] => (path === '/' ? ['/'] : [...ancestors(above(path)), path]);

const STICKY = 0o1000;
const GROUP = 0o020;
const OTHERS = 0o002;

function isOpen({ uid, gid, mode }: { uid: number; gid: number; mode: number }): boolean {
  if (uid !== 0) return true;
  const others = (mode & OTHERS) !== 0 || ((mode & GROUP) !== 0 && gid !== 0);
  return others && (mode & STICKY) === 0;
}
