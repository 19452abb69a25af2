import { existsSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { idsOf, mayDo } from '../adapters/rights.ts';
import { rootAbove } from '../adapters/root.ts';
import { configWord } from '../unit/facts.ts';
import { systemctlEnvironment } from '../unit/systemctl.ts';
import type { Notes } from './notes.ts';
import type { Subject } from './subject.ts';

const SHOWN =
  'LoadState,LoadError,FragmentPath,DropInPaths,NeedDaemonReload,UnitFileState,ActiveState,SubState,Result,Type,Restart,RestartUSec,' +
  'RestartPreventExitStatus,StartLimitIntervalUSec,StartLimitBurst,WatchdogUSec,User,Slice,ExecStart,NRestarts,CanReload,ControlGroup,' +
  'WorkingDirectory,ProtectSystem,ReadWritePaths,StateDirectory';
/** A soak restarts up to this often in an hour, and manual restarts count. */
const LEAST_BURST = 12;

/**
 * The unit's definition with its drop-ins, its restart policy and its limits, as systemd has them. The folder of the
 * installation that it runs; null where it names none.
 */
export async function readUnit(
  { unit, scope, ...subject }: Subject,
  notes: Notes,
  purpose: 'to-look' | 'to-run' = 'to-look',
): Promise<string | null> {
  if (scope === null) {
    const measured = `${unit} is not installed: a soak runs the engine itself, by the unit file that is shipped`;
    notes.blocked('the unit', measured, 'sudo soak install, if it is to run without a soak as well');
    return null;
  }
  const systemctl = ['systemctl', ...(scope === 'user' ? ['--user'] : [])];
  const asked = [
    'env',
    ...Object.entries(systemctlEnvironment(scope)).map(([key, value]) => `${key}=${value}`),
    ...systemctl,
  ];
  const shown = await notes.run([...asked, 'show', unit, '-p', SHOWN]);
  const text = await notes.run([...asked, 'cat', '--no-pager', unit]);
  const get = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(shown)?.[1] ?? '';
  if (!loaded(notes, get, systemctl.join(' '), unit, scope)) return null;
  notes.evidence({ unit, fragment: get('FragmentPath'), drop_ins: get('DropInPaths').split(' ').filter(Boolean) });
  notes.check(
    'systemd has read what is on disk',
    get('NeedDaemonReload') === 'no',
    `NeedDaemonReload=${get('NeedDaemonReload')}; drop-ins: ${get('DropInPaths') || 'none'}`,
    `${systemctl.join(' ')} daemon-reload`,
  );
  restartPolicy(notes, get);
  readiness(notes, get, text);
  // A soak starts a failed unit again.
  if (purpose === 'to-look')
    notes.check(
      'it has not failed',
      get('ActiveState') !== 'failed',
      `${get('ActiveState')} (${get('SubState')}), result ${get('Result')}`,
      `journalctl ${scope === 'user' ? '--user ' : ''}-u ${unit} -n 20`,
    );
  await readsAndWrites({ unit, scope, ...subject }, notes, get);
  return program(notes, get, `soak install${scope === 'user' ? ' --user' : ''}`);
}

type Get = (key: string) => string;

function loaded(notes: Notes, get: Get, systemctl: string, unit: string, scope: 'system' | 'user'): boolean {
  const state = get('LoadState');
  const remedies: Record<string, string> = {
    masked: `${systemctl} unmask ${unit}`,
    'not-found': `soak install${scope === 'user' ? ' --user' : ''}, or name the unit with --unit`,
    'bad-setting': `systemd-analyze verify ${get('FragmentPath')}`,
  };
  const measured = [state || 'systemd gave no answer', get('FragmentPath'), get('LoadError')].filter(Boolean).join(' ');
  return notes.check(
    'the unit is loaded',
    state === 'loaded',
    measured,
    remedies[state] ?? `${systemctl} status ${unit}`,
  );
}

/** The files that ExecStart= names are there. */
function program(notes: Notes, get: Get, hint: string): string | null {
  const words = /argv\[\]=(.*?) ; /.exec(get('ExecStart'))?.[1]?.split(' ') ?? [];
  const named = words.filter((word) => word.startsWith('/'));
  const gone = named.filter((path) => !existsSync(path));
  const measured = gone.length > 0 ? `not there: ${gone.join(', ')}` : named.join(', ') || 'no ExecStart';
  notes.check('its program is there', named.length > 0 && gone.length === 0, measured, hint);
  const main = named.find((path) => /\/(engine\/src\/main\.ts|hybrid-engine\.mjs)$/.test(path));
  return main === undefined || gone.length > 0 ? null : rootAbove(main);
}

/** It runs with the configuration that is looked at, and its account and its sandbox let it write its database. */
async function readsAndWrites({ config, db }: Subject, notes: Notes, get: Get): Promise<void> {
  const own = configWord(get('ExecStart'));
  if (own !== null) {
    const read = resolve(get('WorkingDirectory').replace(/^!/, '') || '/', own);
    notes.check(
      'it reads this configuration',
      real(read) === real(config),
      real(read) === real(config) ? read : `the unit reads ${read}, this is ${config}`,
      `run this in ${get('WorkingDirectory')}, or with --config ${read}`,
    );
    if (real(read) !== real(config)) return;
  }
  const folder = real(dirname(db));
  const open = [
    ...get('ReadWritePaths').split(' '),
    ...get('StateDirectory')
      .split(' ')
      .map((name) => name && `/var/lib/${name}`),
  ].map((path) => real(path.replace(/^[-+]+/, '')));
  const closed = get('ProtectSystem') === 'strict' && !open.some((path) => path && `${folder}/`.startsWith(`${path}/`));
  notes.check(
    'its sandbox lets it write its database',
    !closed,
    closed ? `ProtectSystem=strict, ReadWritePaths=${get('ReadWritePaths')}: not ${folder}` : folder,
    `a drop-in with ReadWritePaths=${folder}`,
  );
  accountRights(config, db, folder, notes, get('User'));
}

/** By owner and mode: this process may be an account that cannot try it. */
function accountRights(config: string, db: string, folder: string, notes: Notes, user: string): void {
  const ids = user === '' ? null : idsOf(user);
  if (ids === null) return;
  const files = [folder, ...['', '-wal', '-shm'].map((suffix) => db + suffix)].filter((path) => existsSync(path));
  const closed = files.filter((path) => !mayDo(ids, 'write', path));
  const wrong = [
    ...(mayDo(ids, 'read', config) ? [] : [`cannot read ${config}`]),
    ...closed.map((path) => `cannot write ${path}`),
  ];
  notes.check(
    `its account ${user} can read its configuration and write its database`,
    wrong.length === 0,
    wrong.length === 0 ? `${config}, ${files.join(', ')}` : wrong.join(', '),
    closed.length === 0 ? 'soak install, which sets owner and mode' : `chown ${user}: ${closed.join(' ')}`,
  );
}

function real(path: string): string {
  try {
    return path && realpathSync(path);
  } catch {
    return path;
  }
}

function restartPolicy(notes: Notes, get: Get): void {
  notes.check(
    'Restart=on-failure, and exit code 12 stays down',
    get('Restart') === 'on-failure' && /\b12\b/.test(get('RestartPreventExitStatus')),
    `Restart=${get('Restart')}, RestartPreventExitStatus=${get('RestartPreventExitStatus') || '(empty)'}, RestartUSec=${get('RestartUSec')}`,
    'a drop-in may have emptied it: systemctl cat',
  );
  notes.check(
    'the start limit leaves room for a soak',
    // Either of them at 0 turns the limit off (systemd.unit(5)).
    Number(get('StartLimitBurst')) >= LEAST_BURST ||
      [get('StartLimitIntervalUSec'), get('StartLimitBurst')].includes('0'),
    `StartLimitBurst=${get('StartLimitBurst')} in ${get('StartLimitIntervalUSec')}`,
    `StartLimitBurst=30 with StartLimitIntervalSec=300`,
  );
}

/** A unit that has not run since it was loaded shows no watchdog: its text has it. */
function readiness(notes: Notes, get: Get, text: string): void {
  const written = [...text.matchAll(/^WatchdogSec=(.*)$/gm)].at(-1)?.[1] || 'none';
  const watchdog = get('ActiveState') === 'active' ? get('WatchdogUSec') : written;
  notes.check(
    'it uses Type=notify and a watchdog',
    get('Type') === 'notify' && !['0', 'none', 'infinity'].includes(watchdog),
    `Type=${get('Type')}, watchdog ${watchdog}`,
    'Type=notify, WatchdogSec=30',
  );
}
