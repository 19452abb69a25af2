import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { formatFault } from '@hybrid-soak/contract/fault.ts';
import { readText } from '../adapters/config-text.ts';
import { withFile } from '../adapters/json-lines.ts';
import { holderText } from '../adapters/lock.ts';
import { opsPaths } from '../adapters/ops-paths.ts';
import { hostPressure } from '../adapters/pressure.ts';
import { supervisorOf } from '../recovery/locks.ts';
import { configFaults, sourcesFaults } from '../recovery/read-config.ts';
import { artefact } from './artefact.ts';
import type { Notes } from './notes.ts';
import { rightToAct } from './right.ts';
import type { Subject } from './subject.ts';
import { readUnit } from './unit.ts';

/** `[storage] min_free_mb` has this default. */
const LEAST_FREE_MB = 200;

export const REQUIREMENT =
  'The installation is what it should be: unit, artefact, config, access, space, PSI, cgroup v2, clock, Node, lock; no engine child, honest names.';
export const METHOD = 'Looks alone: systemctl, the files, /proc, /sys/fs/cgroup and the lock; nothing is changed.';

/** All findings, each with a hint if something is wrong. */
export async function inspect(subject: Subject, notes: Notes): Promise<void> {
  const runs = await readUnit(subject, notes);
  artefact(runs ?? subject.root, notes);
  await configuration(subject, notes);
  access(subject, notes);
  await rightToAct(subject, notes);
  pressure(notes);
  const v2 = existsSync('/sys/fs/cgroup/cgroup.controllers') || existsSync('/sys/fs/cgroup/unified/cgroup.controllers');
  notes.check(
    'cgroup v2',
    v2,
    v2 ? 'cgroup.controllers is there' : 'no cgroup.controllers under /sys/fs/cgroup',
    'boot with systemd.unified_cgroup_hierarchy=1; without it the engine cannot be distinguished from its neighbours',
  );
  clock(notes);
  const major = Number(process.versions.node.split('.')[0]);
  notes.check(
    'Node 24 or later',
    major >= 24,
    `${process.version}, ${process.execPath}`,
    "use the project's own Node: bin/soak",
  );
  held(subject, notes);
  // Without a unit a soak's engine is its child.
  if (subject.scope !== null) noEngineChild(notes);
  honestNames(subject, notes);
}

export async function configuration({ config, scope }: Subject, notes: Notes): Promise<void> {
  const faults = async (path: string, check: typeof configFaults | typeof sourcesFaults) => {
    try {
      return (await check(readText(path), path)).map(formatFault);
    } catch (error) {
      const code = errorCode(error);
      return [
        `${path}: ${code === 'ENOENT' ? 'no such file' : `cannot be read (${code ?? (error as Error).message})`}`,
      ];
    }
  };
  const sources = join(dirname(config), 'ws_sources.toml');
  // No mode but realws looks at its sources.
  const needed = existsSync(sources) || /^\s*(engine\.)?ingest_mode\s*=\s*["']realws/m.test(textOf(config));
  const found = [...(await faults(config, configFaults)), ...(needed ? await faults(sources, sourcesFaults) : [])];
  notes.check(
    'the configuration is valid',
    found.length === 0,
    found.join('; ') || config,
    existsSync(config)
      ? 'correct the line that it names'
      : scope === null
        ? 'run this in a folder that has config/config.toml, or with --config FILE'
        : "run this in the unit's WorkingDirectory, or with --config FILE",
  );
}

function textOf(path: string): string {
  try {
    return readText(path);
  } catch {
    return '';
  }
}

export function access({ config, db, ops, scope }: Subject, notes: Notes): void {
  // A system unit's database is its own account's, and the supervisor only reads it.
  const own = scope === 'system' ? [] : [dirname(db)];
  const folders = [dirname(config), ...own, ops].map((folder) => nearest(resolve(folder)));
  const closed = [...new Set(folders)].filter((folder) => !writable(folder));
  notes.check(
    scope === 'system' ? 'config and log folders can be written' : 'config, database and log folders can be written',
    closed.length === 0,
    closed.length === 0 ? [...new Set(folders)].join(', ') : `not writable: ${closed.join(', ')}`,
    scope === 'system'
      ? 'run as root or as hybrid-soak; soak install sets owners'
      : 'run as the account of these folders',
  );
  const { bavail, bsize } = statfsSync(nearest(dirname(db)));
  const free = Math.floor((bavail * bsize) / 1024 / 1024);
  notes.number('free space', free, 'MB');
  notes.check('disk space', free >= LEAST_FREE_MB, `${free} MB free, ${LEAST_FREE_MB} wanted`, 'make room');
}

/** The folder, or the nearest one above that is there. */
function nearest(folder: string): string {
  return existsSync(folder) ? folder : nearest(dirname(folder));
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function pressure(notes: Notes): void {
  const readings = hostPressure().read();
  notes.evidence({ psi_baseline: readings });
  for (const [name, reading] of Object.entries(readings)) {
    const hint = 'boot with psi=1; kernel 4.20 or later';
    if (!reading.available) notes.blocked(`PSI of ${name}`, reading.why, hint);
    else notes.check(`PSI of ${name}`, true, reading.value.some.raw, hint);
    if (reading.available) notes.number(`${name} some avg60`, reading.value.some.avg60, '% of wall time');
  }
}

/** A clock before the artefact was made is wrong; a synchronised one is systemd's to know, where it runs. */
function clock(notes: Notes): void {
  const made = statSync(new URL(import.meta.url)).mtime;
  const now = new Date();
  const synced = existsSync('/run/systemd/timesync/synchronized') ? ', synchronised by timesyncd' : '';
  notes.check('the clock', now > made, `${now.toISOString()}${synced}`, 'set the clock: timedatectl set-ntp true');
}

function held({ scope, unit, ops, self }: Subject, notes: Notes): void {
  const holder = supervisorOf(scope ?? 'embedded', unit, ops);
  const free = holder === null || holder.run === self;
  const measured =
    holder === null ? 'nobody holds the lock' : free ? 'held by this run' : `held by ${holderText(holder)}`;
  notes.check('no other supervisor', free, measured, 'wait for it, or stop it: soak status');
  const left = existsSync(opsPaths(join(ops, 'soak_decisions.jsonl')).state) && holder === null;
  notes.check(
    'nothing waits to be restored',
    !left,
    left ? 'soak_state.json is there' : 'no state file of a dead run',
    'soak restore',
  );
}

/** Of every running supervisor: `run` and `prove` of `soak`; the embedded stand-in alone is a parent of an engine. */
function noEngineChild(notes: Notes): void {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(command);
  const supervisors = new Set(
    processes
      .filter(
        ({ argv }) => /(supervisor\/src\/main\.ts|lib\/soak\.mjs) (run|prove)/.test(argv) && !/embedded/.test(argv),
      )
      .map(({ pid }) => pid),
  );
  const engines = processes.filter(({ argv }) => /(engine\/src\/main\.ts|lib\/hybrid-engine\.mjs) run/.test(argv));
  const children = engines.filter(({ parent }) => supervisors.has(parent));
  notes.evidence({ supervisors: [...supervisors], engines });
  notes.check(
    'no supervisor has an engine as its child',
    children.length === 0,
    children.length === 0
      ? `supervisors running: ${supervisors.size}, engines: ${engines.length}, none a child of one`
      : children.map(({ pid, parent }) => `engine ${pid} is a child of supervisor ${parent}`).join(', '),
  );
}

function command(name: string): { pid: number; parent: number; argv: string }[] {
  try {
    const argv = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    const parent = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]);
    return [{ pid: Number(name), parent, argv }];
  } catch {
    return []; // It has ended since.
  }
}

const WRONG_NAME = /utili[sz]ation|cpu_(percent|usage|util)|load_(avg|1|5|15)/i;

const JUDGED_BYTES = 200_000;

/** The last bytes of a log, however long it is. */
function endOf(path: string): string {
  return withFile(path, ({ size, read }) => {
    const tail = Buffer.alloc(Math.min(size, JUDGED_BYTES));
    return tail.toString('utf8', 0, read(tail, size - tail.length));
  });
}

/** Every name in the newest records: stall time is called what it is. */
function honestNames({ ops }: Subject, notes: Notes): void {
  const { decisions, samples } = opsPaths(join(ops, 'soak_decisions.jsonl'));
  const files = [decisions, samples].filter((path) => existsSync(path));
  // Nothing written, nothing to judge.
  if (files.length === 0) return;
  const names = new Set<string>();
  for (const path of files)
    for (const line of endOf(path).split('\n').slice(1, -1))
      for (const [, name = ''] of line.matchAll(/"(\w+)":/g)) names.add(name);
  const wrong = [...names].filter((name) => WRONG_NAME.test(name));
  notes.check(
    'field names of the records call stall time by its name',
    wrong.length === 0,
    wrong.length > 0 ? wrong.join(', ') : `${names.size} names in ${files.length} files of records`,
  );
}
