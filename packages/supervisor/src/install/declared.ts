import { spawnSync } from 'node:child_process';
import { lstatSync } from 'node:fs';

export interface DeclaredFolder {
  path: string;
  mode: number;
  user: string;
  group: string;
}

/** The `d` lines of a tmpfiles.d(5) file: `d PATH MODE USER GROUP AGE`. */
export function declaredFolders(text: string): DeclaredFolder[] {
  return [...text.matchAll(/^d (\S+) ([0-7]+) (\S+) (\S+)/gm)].map(([, path, mode, user, group]) => ({
    path: path as string,
    mode: Number.parseInt(mode as string, 8),
    user: user as string,
    group: group as string,
  }));
}

export interface DeclaredAccounts {
  users: string[];
  /** Without those that belong to a user of the same name. */
  groups: string[];
  /** User and group. */
  members: [string, string][];
}

/** The `u`, `g` and `m` lines of a sysusers.d(5) file. */
export function declaredAccounts(text: string): DeclaredAccounts {
  const lines = [...text.matchAll(/^([ugm]) (\S+)(?: (\S+))?/gm)];
  const names = (type: string) => lines.filter((line) => line[1] === type).map((line) => line[2] as string);
  const members = lines
    .filter((line) => line[1] === 'm')
    .map((line): [string, string] => [line[2] ?? '', line[3] ?? '']);
  return { users: names('u'), groups: names('g'), members };
}

export const userExists = (name: string): boolean => spawnSync('getent', ['passwd', name]).status === 0;
export const groupExists = (name: string): boolean => spawnSync('getent', ['group', name]).status === 0;

/** Whether an account is in a group, by name. */
export function isMember(user: string, group: string): boolean {
  const { stdout } = spawnSync('id', ['-nG', user], { encoding: 'utf8' });
  return (stdout ?? '').trim().split(' ').includes(group);
}

export function userId(name: string): number | null {
  return id(['-u', name]);
}

/** Numeric id of a group (getent(1)). */
export function groupId(name: string): number | null {
  const { status, stdout } = spawnSync('getent', ['group', name], { encoding: 'utf8' });
  return status === 0 ? Number(stdout.split(':')[2]) : null;
}

function id(args: string[]): number | null {
  const { status, stdout } = spawnSync('id', args, { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : null;
}

export type FolderState = 'as declared' | 'missing' | 'different' | 'not a folder';

/** How a declared folder is found; a link is not a folder. */
export function folderState({ path, mode, user, group }: DeclaredFolder): FolderState {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 'missing';
  if (!stat.isDirectory()) return 'not a folder';
  const same = (stat.mode & 0o7777) === mode && stat.uid === userId(user) && stat.gid === groupId(group);
  return same ? 'as declared' : 'different';
}
