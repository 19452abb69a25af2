import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Change, Making } from './making.ts';
import { type Made, madeAt } from './manifest.ts';
import { noteMade } from './place.ts';
import type { StepOf } from './steps.ts';

/** Copies what is released into a folder of its own; one that is there, and may be running, is never written into. */
export function release({ from, to, digest }: StepOf<'release'>, { way, manifest, unfinished }: Making): Change | null {
  const made = madeAt(manifest, 'release', to);
  if (existsSync(to) && !unfinished.includes(to)) return null;
  way.say(`release  ${to}: a copy of ${from}`);
  return {
    at: to,
    record: () => noteMade(manifest, made, { kind: 'release', path: to, digest }),
    act() {
      const fresh = `${to}.new`;
      rmSync(fresh, { recursive: true, force: true });
      mkdirSync(fresh);
      for (const name of listed(from)) copy(join(from, name), join(fresh, name));
      setModes(fresh);
      // Pending from an interrupted run, which renamed it and never said so: it is whole.
      if (!existsSync(to)) renameSync(fresh, to);
      else rmSync(fresh, { recursive: true });
    },
  };
}

/** The files of a release: what its list of checksums names, and the list. What else is in the folder is not the release. */
const listed = (from: string): string[] => [
  'SHA256SUMS',
  ...[...readFileSync(join(from, 'SHA256SUMS'), 'utf8').matchAll(/^[0-9a-f]{64} {2}([\w@.-]+(?:\/[\w@.-]+)*)$/gm)].map(
    ([, name]) => name as string,
  ),
];

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

/** Modes are set, not inherited from a checkout or a umask: readable by all, writable by root alone. */
function setModes(path: string): void {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return;
  const executable = stat.isDirectory() || (stat.mode & 0o100) !== 0;
  const mode = executable ? 0o755 : 0o644;
  if ((stat.mode & 0o7777) !== mode) chmodSync(path, mode);
  if (stat.isDirectory()) for (const name of readdirSync(path)) setModes(join(path, name));
}

/** Removes releases that are neither current nor running. */
export function prune({ current }: StepOf<'prune'>, { way, manifest }: Making): Change | null {
  if (!existsSync(current)) return null;
  const kept = realpathSync(current);
  const old = manifest.made.filter(
    (made): made is Extract<Made, { kind: 'release' }> =>
      made.kind === 'release' && made.path !== kept && !isRunning(made.path),
  );
  if (old.length === 0) return null;
  for (const { path } of old) way.say(`remove   ${path}: an earlier release`);
  return {
    at: old.map(({ path }) => path).join(' '),
    record: () => {},
    act() {
      for (const made of old) {
        rmSync(made.path, { recursive: true, force: true });
        manifest.made.splice(manifest.made.indexOf(made), 1);
      }
    },
  };
}

/** Whether a process runs the Node of that release. */
function isRunning(release: string): boolean {
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && executable(name).startsWith(`${release}/`));
}

function executable(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return ''; // It has ended, or belongs to the kernel.
  }
}
