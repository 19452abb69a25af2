import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemctl } from './systemctl.ts';
import { parseUnitFile, serviceRules } from './unit-file.ts';
import { userManagerPlace } from './user-runtime.ts';

/** Service settings that a user manager can honour; the rest is hardening that needs the system's. */
const USER_KEYS = new Set([
  'Type',
  'NotifyAccess',
  'WatchdogSec',
  'Restart',
  'RestartSec',
  'RestartPreventExitStatus',
  'TimeoutStartSec',
  'TimeoutStopSec',
  'ExecReload',
  'Environment',
]);

/** Transient units of a user manager stand here (systemd.unit(5)); gone with the session. */
const folder = () => join(userManagerPlace() ?? process.env['XDG_RUNTIME_DIR'] ?? '', 'systemd/user');

export const placedAt = (unit: string): string => join(folder(), unit);

/**
 * Puts the unit under the user manager's runtime folder, its command line as `command` makes it. The error, or null.
 */
export async function placeUserUnit(
  unit: string,
  text: string,
  command: (argv: string[]) => string[],
): Promise<string | null> {
  mkdirSync(folder(), { recursive: true });
  writeFileSync(placedAt(unit), userUnitText(text, command, process.cwd()));
  const reloaded = await systemctl('user', ['daemon-reload']);
  return reloaded.ok ? null : reloaded.error;
}

/** The service's text as a user manager can honour it. */
export function userUnitText(text: string, command: (argv: string[]) => string[], cwd: string): string {
  const file = parseUnitFile(text);
  const argv = command(serviceRules(file).argv);
  const quoted = argv.map((word) => (/[\s"'\\%$]/.test(word) ? quote(word) : word)).join(' ');
  const lines = (section: string, wanted: (key: string) => boolean) =>
    [...(file.get(section) ?? [])].flatMap(([key, values]) =>
      wanted(key) ? values.map((value) => `${key}=${value}`) : [],
    );
  return [
    '[Unit]',
    ...lines('Unit', (key) => key.startsWith('StartLimit') || key === 'Description'),
    '',
    '[Service]',
    `WorkingDirectory=${cwd.replaceAll('%', '%%')}`,
    `ExecStart=${quoted}`,
    ...lines('Service', (key) => USER_KEYS.has(key)),
    '',
  ].join('\n');
}

/** Takes it away again; nothing happens where there is none. */
export async function removeUserUnit(unit: string): Promise<void> {
  rmSync(placedAt(unit), { force: true });
  await systemctl('user', ['daemon-reload']);
}

/** A word as systemd.service(5) reads it back: quotes, with `%` and `$` doubled. */
function quote(word: string): string {
  return `"${word.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;
}
