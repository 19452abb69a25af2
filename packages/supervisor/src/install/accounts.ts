import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { Stop } from '../stop.ts';
import { adoptForeign } from './adopt.ts';
import {
  type DeclaredFolder,
  declaredAccounts,
  declaredFolders,
  folderState,
  groupExists,
  isMember,
  userExists,
} from './declared.ts';
import { dropped, droppedDigest } from './dropped.ts';
import { SUPERVISOR } from './layout.ts';
import { type Change, type Making, run } from './making.ts';
import { type Made, madeAt } from './manifest.ts';
import { noteMade, recordFolders, sha256 } from './place.ts';
import type { StepOf } from './steps.ts';

/** Accounts and groups, by systemd-sysusers(8). */
export function accounts({ at, text }: StepOf<'accounts'>, { way, manifest }: Making): Change | null {
  const declared = declaredAccounts(text);
  const users = declared.users.filter((name) => !userExists(name));
  const groups = declared.groups.filter((name) => !groupExists(name));
  const members = declared.members.filter(([user, group]) => !userExists(user) || !isMember(user, group));
  if (users.length + groups.length + members.length === 0) return null;
  const command = ['systemd-sysusers', at];
  way.say(`accounts ${[...users, ...groups, ...members.map((pair) => pair.join(' in '))].join(', ')}`);
  way.say(`run      ${command.join(' ')}`);
  const made: Made[] = [
    ...groups.map((name) => ({ kind: 'group', name }) as const),
    ...users.map((name) => ({ kind: 'account', name }) as const),
  ];
  const known = (entry: Made) => manifest.made.some((old) => JSON.stringify(old) === JSON.stringify(entry));
  return {
    at: command.join(' '),
    record: () => void manifest.made.push(...made.filter((entry) => !known(entry))),
    act: () => run(command),
  };
}

/** The folders that other accounts write in, by systemd-tmpfiles(8), which follows no link of theirs. */
export function stateFolders({ at, text }: StepOf<'state'>, { way, manifest }: Making): Change | null {
  const folders = declaredFolders(text);
  refuseReplaced(folders);
  const wrong = folders.filter((folder) => folderState(folder) !== 'as declared');
  if (wrong.length === 0) return null;
  const command = ['systemd-tmpfiles', '--create', at];
  for (const { path, mode, user, group } of wrong) way.say(`folder   ${path} (${mode.toString(8)}, ${user}:${group})`);
  way.say(`run      ${command.join(' ')}`);
  const missing = wrong.filter((folder) => folderState(folder) === 'missing').map(({ path }) => path);
  return {
    at: command.join(' '),
    record: () => recordFolders(manifest, missing),
    act() {
      run(command);
      const still = folders.find((folder) => folderState(folder) !== 'as declared');
      if (still !== undefined)
        throw new Stop(SOAK_EXIT.FAIL, `${still.path}: not as ${at} declares it; valid: ${command.join(' ')}`);
    },
  };
}

function refuseReplaced(folders: DeclaredFolder[]): void {
  const replaced = folders.find((folder) => folderState(folder) === 'not a folder');
  if (replaced === undefined) return;
  const kind = lstatSync(replaced.path).isSymbolicLink() ? 'a symbolic link' : 'not a folder';
  throw new Stop(SOAK_EXIT.CONFIG, `${replaced.path}: is ${kind}; valid: a folder, or nothing`);
}

/** A configuration where there is none, written by the supervisor's account into its own folder. */
export function seed({ path, text }: StepOf<'seed'>, { way, manifest }: Making): Change | null {
  const there = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  if (there) return null;
  way.say(`file     ${path} (${text.length} bytes, by ${SUPERVISOR})`);
  const made = madeAt(manifest, 'seed', path);
  return {
    at: path,
    record: () => noteMade(manifest, made, { kind: 'seed', path, sha256: sha256(text) }),
    act() {
      // A temporary file and a link, so that an interrupted run leaves no half of it; ln refuses an existing name.
      const script =
        'umask 027; t=$(mktemp "$1/.seed.XXXXXX") && cat > "$t" && chmod 640 "$t" && ln -T "$t" "$2"; s=$?; rm -f "$t"; exit $s';
      const { ok, error } = dropped(SUPERVISOR, ['sh', '-c', script, 'sh', dirname(path), path], text);
      if (!ok && droppedDigest(SUPERVISOR, path) === null) throw new Stop(SOAK_EXIT.FAIL, `${path}: ${error}`);
    },
  };
}

/** Files that an earlier installation or root's editor left with another owner. */
export function adopt({ state }: StepOf<'adopt'>, { way }: Making): Change | null {
  const foreign = adoptForeign(state, false);
  for (const { path, why } of foreign) if (why !== null) way.say(`stays    ${path}: ${why}`);
  const adoptable = foreign.filter(({ why }) => why === null);
  if (adoptable.length === 0) return null;
  for (const { path } of adoptable) way.say(`adopt    ${path}`);
  return { at: state, record: () => {}, act: () => void adoptForeign(state, true) };
}
