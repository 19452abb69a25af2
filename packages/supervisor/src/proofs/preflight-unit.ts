import { existsSync } from 'node:fs';
import type { Subject } from './preflight.ts';
import type { Notes } from './proof.ts';

const SHOWN =
  'LoadState,LoadError,FragmentPath,DropInPaths,NeedDaemonReload,UnitFileState,ActiveState,SubState,Result,Type,Restart,RestartUSec,' +
  'RestartPreventExitStatus,StartLimitIntervalUSec,StartLimitBurst,WatchdogUSec,User,Slice,ExecStart,NRestarts,CanReload,ControlGroup';
/** A soak restarts up to this often in an hour, and manual restarts count. */
const LEAST_BURST = 12;

/** The unit's definition with its drop-ins, its restart policy and its limits, as systemd has them. */
export async function readUnit({ unit, scope }: Subject, notes: Notes): Promise<void> {
  if (scope === null) {
    const measured = `${unit} is installed nowhere: the embedded stand-in follows the unit file that is shipped`;
    return void notes.check('the unit', true, measured);
  }
  const systemctl = ['systemctl', ...(scope === 'user' ? ['--user'] : [])];
  const shown = await notes.run([...systemctl, 'show', unit, '-p', SHOWN]);
  await notes.run([...systemctl, 'cat', '--no-pager', unit]);
  const get = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(shown)?.[1] ?? '';
  const hint = `soak install${scope === 'user' ? ' --user' : ''}`;
  notes.check('the unit is loaded', get('LoadState') === 'loaded', `${get('LoadState')} ${get('FragmentPath')}`, hint);
  notes.evidence({ unit, fragment: get('FragmentPath'), drop_ins: get('DropInPaths').split(' ').filter(Boolean) });
  notes.check(
    'systemd has read what is on disk',
    get('NeedDaemonReload') === 'no',
    `NeedDaemonReload=${get('NeedDaemonReload')}; drop-ins: ${get('DropInPaths') || 'none'}`,
    'systemctl daemon-reload',
  );
  restartPolicy(notes, get);
  const program = /argv\[\]=(\S+)/.exec(get('ExecStart'))?.[1] ?? '';
  notes.check('its program is there', existsSync(program), program || 'no ExecStart', hint);
  notes.check(
    'it has not failed',
    get('ActiveState') !== 'failed',
    `${get('ActiveState')} (${get('SubState')}), result ${get('Result')}`,
    `journalctl ${scope === 'user' ? '--user ' : ''}-u ${unit} -n 20`,
  );
}

function restartPolicy(notes: Notes, get: (key: string) => string): void {
  notes.check(
    'Restart=on-failure, and exit code 12 stays down',
    get('Restart') === 'on-failure' && /\b12\b/.test(get('RestartPreventExitStatus')),
    `Restart=${get('Restart')}, RestartPreventExitStatus=${get('RestartPreventExitStatus') || '(empty)'}, RestartUSec=${get('RestartUSec')}`,
    'a drop-in may have emptied it: systemctl cat',
  );
  notes.check(
    'the start limit leaves room for a soak',
    Number(get('StartLimitBurst')) >= LEAST_BURST || get('StartLimitIntervalUSec') === '0',
    `StartLimitBurst=${get('StartLimitBurst')} in ${get('StartLimitIntervalUSec')}`,
    `StartLimitBurst=30 with StartLimitIntervalSec=300`,
  );
  notes.check(
    'it says when it is ready, and is watched',
    get('Type') === 'notify' && !['0', 'infinity'].includes(get('WatchdogUSec')),
    `Type=${get('Type')}, WatchdogUSec=${get('WatchdogUSec')}`,
    'Type=notify, WatchdogSec=30',
  );
}
