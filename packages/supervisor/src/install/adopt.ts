import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  type Stats,
} from 'node:fs';
import { groupId, userId } from './declared.ts';

/** Who owns the files of a folder of the state, and with which modes (spec of ops/tmpfiles). */
interface Owned {
  folder: string;
  user: string;
  group: string;
  mode: number;
  /** Names that are left alone. */
  not: string[];
  deep: boolean;
}

const ownedIn = (state: string): Owned[] => [
  { folder: `${state}/config`, user: 'hybrid-soak', group: 'hybrid-engine', mode: 0o640, not: [], deep: false },
  { folder: `${state}/data`, user: 'hybrid-engine', group: 'hybrid-engine', mode: 0o644, not: ['ops'], deep: false },
  { folder: `${state}/data/ops`, user: 'hybrid-soak', group: 'hybrid-soak', mode: 0o640, not: [], deep: true },
];

/** A file of the state whose owner is not the one that the layout gives it. */
export interface Foreign {
  path: string;
  /** Why it stays as it is; null: it is adopted. */
  why: string | null;
}

interface Ids {
  uid: number;
  gid: number;
  /** The accounts whose files are taken over: root (an editor, dpkg), and the project's own. */
  ours: number[];
}

/**
 * Files below the state folder that another account owns than the layout says: left by an installation whose engine and
 * supervisor shared an account, or by root's editor. Owner and mode are set by descriptor, on regular files with one name: a
 * second name could be anybody's file. Each folder is opened once and reached by its descriptor from then on, so that a folder
 * that is replaced by a link during the walk leads nowhere. Without `apply` nothing is changed.
 */
export function adoptForeign(state: string, apply: boolean): Foreign[] {
  const ours = ['hybrid-soak', 'hybrid-engine'].map(userId);
  if (ours.includes(null)) return [];
  return ownedIn(state).flatMap((owned) => {
    const ids = { uid: userId(owned.user) ?? 0, gid: groupId(owned.group) ?? 0, ours: [0, ...(ours as number[])] };
    const folder = openOrNull(owned.folder, FOLDER);
    return folder === null ? [] : closing(folder, () => walk(folder, owned, ids, apply));
  });
}

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

function openOrNull(path: string, flags: number): number | null {
  try {
    return openSync(path, flags);
  } catch {
    return null;
  }
}

function closing<T>(fd: number, use: () => T): T {
  try {
    return use();
  } finally {
    closeSync(fd);
  }
}

/** Node has no openat(2): a name below an open folder is reached through /proc/self/fd. */
const below = (folder: number, name: string) => `/proc/self/fd/${folder}/${name}`;

function walk(folder: number, owned: Owned, ids: Ids, apply: boolean): Foreign[] {
  return readdirSync(below(folder, '')).flatMap((name): Foreign[] => {
    if (owned.not.includes(name)) return [];
    const stat = lstatSync(below(folder, name), { throwIfNoEntry: false });
    if (stat === undefined) return [];
    if (stat.isDirectory() && !owned.deep) return [];
    const path = `${owned.folder}/${name}`;
    const own = isForeign(stat, ids) ? [foreign(folder, name, path, owned, ids, apply)] : [];
    if (!stat.isDirectory()) return own;
    const inner = openOrNull(below(folder, name), FOLDER);
    if (inner === null) return own;
    return [...own, ...closing(inner, () => walk(inner, { ...owned, folder: path }, ids, apply))];
  });
}

const isForeign = (stat: Stats, ids: Ids) => stat.uid !== ids.uid || stat.gid !== ids.gid;

function foreign(folder: number, name: string, path: string, owned: Owned, ids: Ids, apply: boolean): Foreign {
  const fd = openOrNull(below(folder, name), FILE);
  if (fd === null) return { path, why: 'a symbolic link, or it cannot be opened' };
  return closing(fd, () => {
    const stat = fstatSync(fd);
    const why = notAdoptable(stat, ids);
    if (why === null && apply) {
      fchownSync(fd, ids.uid, ids.gid);
      fchmodSync(fd, stat.isDirectory() ? 0o2750 : owned.mode);
    }
    return { path, why };
  });
}

function notAdoptable(stat: Stats, { ours }: Ids): string | null {
  if (!ours.includes(stat.uid)) return `belongs to user ${stat.uid}`;
  if (stat.isDirectory()) return null;
  if (!stat.isFile()) return 'not a regular file';
  return stat.nlink === 1 ? null : `has ${stat.nlink} names`;
}
